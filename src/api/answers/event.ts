import { z } from 'zod'

import { text, time, uid } from './fields.ts'

/** Event: something that happened, with the uids of what it is about. */
export const event = z
  .strictObject({
    uid,
    type: text,
    ts: time,
    delivery_method: z.literal('webhook'),
    delivery_target: text,
    is_delivered: z.boolean(),
    authorization_uid: uid.optional(),
    meter_uid: uid.optional(),
    form_uid: uid.optional(),
  })
  .meta({ id: 'Event' })

/** Every type of event, in the order in which they usually come. */
export const EVENT_TYPES = [
  'ping',
  'form_created',
  'authorization_created',
  'authorization_declined',
  'authorization_renewed',
  'authorization_update_started',
  'authorization_update_delayed',
  'authorization_update_retrying',
  'authorization_update_progress',
  'authorization_update_finished_successful',
  'authorization_update_finished_errored',
  'authorization_expiring_soon',
  'authorization_expired',
  'authorization_revoked',
  'meter_created',
  'meter_bills_added',
  'meter_intervals_added',
  'meter_historical_collection_started',
  'meter_historical_collection_delayed',
  'meter_historical_collection_retrying',
  'meter_historical_collection_progress',
  'meter_historical_collection_finished_successful',
  'meter_historical_collection_finished_errored',
] as const
