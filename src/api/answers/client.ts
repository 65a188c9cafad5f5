import { z } from 'zod'

import { DATA_CLASSES } from '../../model/authorization-states.ts'
import { count, text, textOrNull, time, uid } from './fields.ts'

const fields = {
  uid,
  name: text.meta({ description: 'What customers are shown.' }),
  client_id: text,
  redirect_uris: z.array(text),
  data_classes: z.array(z.enum(DATA_CLASSES)).meta({ description: 'The most that it may ask for.' }),
  notify_uri: textOrNull.meta({ description: 'Gets a BatchList of what it may fetch anew.' }),
  notify_state: z.enum(['enabled', 'disabled']),
  notify_state_reason: textOrNull.meta({ description: 'Why it was disabled: gone, or failing for five days.' }),
  notify_failing_since: time.nullable().meta({ description: 'The first failure after the last success.' }),
  notify_log: z
    .array(z.strictObject({ ts: time, status: z.int().nullable(), error: textOrNull, ms: z.int(), resources: count }))
    .meta({ description: 'The last 20 attempts, newest first.' }),
  created: time,
  updated: time,
}

/** Client: a third party that customers may let in over Green Button. */
export const client = z.strictObject(fields).meta({ id: 'Client' })

const secret = text.meta({ description: 'Shown this once.' })

/** What making one answers: the only place, beside a rotation, where secrets are shown; and where it has to go. */
export const newClient = z
  .strictObject({
    ...fields,
    client_secret: secret,
    registration_access_token: secret.meta({ description: 'Opens its ApplicationInformation. Shown this once.' }),
    authorization_endpoint: z.url(),
    token_endpoint: z.url(),
    resource_endpoint: z.url(),
  })
  .meta({ id: 'NewClient' })

export const clientRotation = z.strictObject({
  client_secret: secret,
  previous_valid_until: time.meta({ description: 'Until then the secret before is valid too.' }),
})
