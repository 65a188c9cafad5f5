import { z } from 'zod'

import { isUid } from '../model/uid.ts'
import { EVENT_TYPES } from './answers/event.ts'
import { overlapHours, plainText } from './parameters.ts'

const url = z.string('must be an address').max(2048, 'is too long')
const eventTypes = z
  .array(z.enum(EVENT_TYPES, 'must be types of events'), 'must be a list of types of events, or null')
  .min(1, 'must not be empty; null is all')
  .nullable()
const moment = z.iso.datetime({ offset: true, error: 'must be an ISO 8601 time with its offset' })

export const createBody = z.object({
  url,
  description: plainText.default(''),
  event_types: eventTypes.default(null),
})

export const modifyBody = z.object({
  url: url.optional(),
  description: plainText.optional(),
  event_types: eventTypes.optional(),
  state: z.enum(['enabled', 'paused'], 'must be enabled or paused').optional(),
})

export const rotateBody = z.object({ overlap_hours: overlapHours('secret') })

/** One event by its uid, or all of a span of time. */
export const resendBody = z.object({
  event_uid: z.string('must be a uid (digits)').refine(isUid, 'must be a uid (digits)').optional(),
  since: moment.optional(),
  until: moment.optional(),
})
