import { z } from 'zod'

import { text, time, uid } from './fields.ts'

/** Template: what a company's customers see, and what they are asked for. */
export const template = z
  .strictObject({
    uid,
    created: time,
    updated: time,
    user_email: text,
    user_uid: uid,
    disabled: z.boolean(),
    portal: text,
    base_url: z.url(),
    redirect_uris: z.array(text),
    company_logo: text.meta({ description: 'A data: address, or empty.' }),
    company_name: text,
    company_email: text,
  })
  .meta({ id: 'Template' })
