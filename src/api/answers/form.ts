import { z } from 'zod'

import { text, time, uid } from './fields.ts'

/** Form: an address for one customer, with what is known of them filled in. */
export const form = z
  .strictObject({
    uid,
    created: time,
    updated: time,
    template_uid: uid,
    authorization_uid: uid.nullable().meta({ description: 'The authorization that this form renews.' }),
    is_archived: z.boolean(),
    disabled: z.boolean(),
    user_email: text,
    user_uid: uid,
    url: z.url().meta({ description: 'Send this to the customer.' }),
    customer_email: text,
    utility: text,
    scope: z.record(text, z.unknown()),
  })
  .meta({ id: 'Form' })
