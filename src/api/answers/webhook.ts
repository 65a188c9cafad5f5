import { z } from 'zod'

import { count, text, textOrNull, time, uid } from './fields.ts'

const fields = {
  uid,
  url: text,
  description: text,
  event_types: z.array(text).nullable().meta({ description: 'null: all.' }),
  state: z.enum(['enabled', 'paused', 'disabled']),
  state_reason: textOrNull.meta({ description: 'Why it was disabled: gone, or failing for five days.' }),
  failing_since: time.nullable().meta({ description: 'The first failure after the last success.' }),
  slow_until: time.nullable().meta({ description: 'The endpoint asked to be left alone until then.' }),
  public_key: text.meta({ description: 'Checks the Ed25519 signatures (v1a).' }),
  created: time,
  updated: time,
}

/** Webhook: an endpoint of a company that is told of events. */
export const webhook = z.strictObject(fields).meta({ id: 'Webhook' })

const secret = text.meta({ description: 'Shown this once. Signs with HMAC (v1), and in the older way.' })

/** What making one answers: the only place, beside a rotation, where its secret is shown. */
export const newWebhook = z.strictObject({ ...fields, secret }).meta({ id: 'NewWebhook' })

export const rotation = z.strictObject({
  secret,
  previous_valid_until: time.meta({ description: 'Until then the secret before is valid too.' }),
})

/** WebhookDelivery: one event on its way to one endpoint, with its attempts, oldest first. */
export const webhookDelivery = z
  .strictObject({
    event_uid: uid,
    authorization_uid: uid.nullable(),
    state: z.enum(['owed', 'delivered', 'given_up']),
    attempts: count.meta({ description: 'Since it was last sent again.' }),
    next_try: time.nullable(),
    created: time,
    log: z.array(z.strictObject({ ts: time, status: z.int().nullable(), error: textOrNull, ms: z.int() })),
  })
  .meta({ id: 'WebhookDelivery' })
