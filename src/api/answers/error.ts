import { z } from 'zod'

import { API_ERROR_CODES } from '../api-error.ts'
import { text } from './fields.ts'

const page = z.url().meta({ description: 'The page of the error, which says what to do.' })

/** The error of API v2. */
export const error = z
  .strictObject({ error: z.enum(API_ERROR_CODES), error_description: text, url: page })
  .meta({ id: 'Error' })

/** The problem details of API v3, RFC 9457. */
export const problem = z
  .strictObject({
    type: page,
    title: text,
    status: z.int(),
    detail: text,
    code: z.enum(API_ERROR_CODES),
    request_id: text,
    errors: z.array(z.strictObject({ field: text, message: text })),
  })
  .meta({ id: 'Problem' })
