import { z } from 'zod'

import { authorization } from './answers/authorization.ts'
import { listingOf } from './answers/fields.ts'
import { form } from './answers/form.ts'
import { meter } from './answers/meter.ts'
import { template, templateSettings } from './answers/template.ts'
import type { Endpoint } from './endpoint.ts'
import { labelAnswer, labelBody, labelQuery } from './labels.ts'
import { endpoints } from './register-api.ts'

const ownForm = form.extend(labelAnswer).meta({ id: 'Form' })
const ownMeter = meter.extend(labelAnswer).meta({ id: 'Meter' })
const ownAuthorization = authorization
  .extend({ ...labelAnswer, meters: listingOf('meters', ownMeter).optional() })
  .meta({ id: 'Authorization' })

/** Template of v3: with what the customer is asked for. */
export const ownTemplate = template.extend(templateSettings).meta({ id: 'Template' })

type Extension = { query?: z.ZodObject; body?: z.ZodObject; answer: z.ZodType }

/** What operations of v2 take and tell more on v3. On v2 these keys do not exist: its clients take them for something else. */
const EXTENSIONS: Record<string, Extension> = {
  'GET /templates': { answer: listingOf('templates', ownTemplate) },
  'GET /templates/:uid': { answer: ownTemplate },
  'GET /forms': { query: labelQuery, answer: listingOf('forms', ownForm) },
  'POST /forms': { body: labelBody, answer: ownForm },
  'GET /forms/:uid': { answer: ownForm },
  'PATCH /forms/:uid': { body: labelBody, answer: ownForm },
  'GET /authorizations': { query: labelQuery, answer: listingOf('authorizations', ownAuthorization) },
  'GET /authorizations/:uid': { answer: ownAuthorization },
  'PATCH /authorizations/:uid': { body: labelBody, answer: ownAuthorization },
  'POST /authorizations/:uid/revoke': { answer: ownAuthorization },
  'GET /meters': { query: labelQuery, answer: listingOf('meters', ownMeter) },
  'GET /meters/:uid': { answer: ownMeter },
  'PATCH /meters/:uid': { body: labelBody, answer: ownMeter },
}

/** The endpoints of v2 as v3 has them. */
export const extendedEndpoints: readonly Endpoint[] = endpoints.map((endpoint) => {
  const more = EXTENSIONS[`${endpoint.method} ${endpoint.path}`]
  if (!more) return endpoint
  const body = endpoint.body && more.body ? endpoint.body.extend(more.body.shape) : endpoint.body
  return {
    ...endpoint,
    query: more.query ? endpoint.query.extend(more.query.shape) : endpoint.query,
    ...(body ? { body } : {}),
    answer: more.answer,
  }
})
