import { z } from 'zod'

import type { Uid } from '../model/uid.ts'
import { listMatchingMeters } from '../storage/list-matching-meters.ts'
import { ApiError, invalidParam } from './api-error.ts'
import type { Call, Endpoint } from './endpoint.ts'
import { bodyUids, parseParameters } from './parameters.ts'
import { text, uid } from './answers/fields.ts'

/** A whole number, also as text. */
const whole = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d{1,4}$/)
        .transform(Number),
    ],
    'must be a whole number',
  )
  .pipe(z.int('must be a whole number'))

const historyBody = z.object({
  meters: bodyUids,
  collection_duration: whole
    .pipe(z.int().min(1, 'must be 1 to 36 months').max(36, 'must be 1 to 36 months'))
    .nullish()
    .transform((months) => months ?? 12),
})

const monitoringBody = z.object({
  meters: bodyUids,
  frequency: z.enum(['off', 'daily', 'weekly', 'monthly'], 'must be off, daily, weekly or monthly'),
  fixed_refresh_day: whole.pipe(z.int().min(1, 'must be 1 to 31').max(31, 'must be 1 to 31')).nullish(),
})

const historyAnswer = z.strictObject({ success: z.literal(true), meters: z.array(uid), collection_duration: z.int() })

const monitoringAnswer = z.strictObject({
  success: z.literal(true),
  meters: z.array(uid),
  frequency: text,
  fixed_refresh_day: z.int().nullable().optional(),
})

/**
 * Those of the meters that can be collected. Revoked and expired ones are left out without a word, as are unknown and
 * foreign ones, which nobody can tell from them; the caller compares what came back. None left is an error.
 */
async function collectable({ deps, companyUid }: Call, meters: Uid[]): Promise<Uid[]> {
  const { rows } = await deps.db.readCompany(companyUid, (tx) =>
    listMatchingMeters(tx, { authorizations: null, meters }, deps.now()),
  )
  const open = new Set(rows.filter(({ isCollectable }) => isCollectable).map(({ meterUid }) => meterUid))
  const kept = meters.filter((uid) => open.has(uid))
  if (kept.length === 0) throw nothingLeft()
  return kept
}

function nothingLeft(): ApiError {
  return new ApiError('expired_or_revoked', 'None of these meters has an authorization that can be collected.')
}

export const collectionEndpoints: readonly Endpoint[] = [
  {
    method: 'POST',
    path: '/meters/historical-collection',
    summary: 'Collects the history of meters',
    scope: 'collection',
    query: z.object({}),
    body: historyBody,
    answer: historyAnswer,
    async run(call) {
      const { meters, collection_duration } = parseParameters(historyBody, call.body)
      const taken = await call.deps.oweHistory(call.companyUid, await collectable(call, meters), collection_duration)
      if (taken.length === 0) throw nothingLeft()
      return { success: true, meters: taken, collection_duration }
    },
  },
  {
    method: 'POST',
    path: '/meters/ongoing-monitoring',
    summary: 'Keeps meters up to date, or stops to',
    scope: 'collection',
    query: z.object({}),
    body: monitoringBody,
    answer: monitoringAnswer,
    async run(call) {
      const { meters, frequency, fixed_refresh_day: day } = parseParameters(monitoringBody, call.body)
      if (typeof day === 'number' && frequency !== 'monthly')
        throw invalidParam('fixed_refresh_day', 'goes with the frequency monthly only')
      const kept = await collectable(call, meters)
      const taken = await call.deps.setMonitoring(call.companyUid, kept, frequency, day ?? null)
      if (taken.length === 0) throw nothingLeft()
      return { success: true, meters: taken, frequency, ...(day === undefined ? {} : { fixed_refresh_day: day }) }
    },
  },
]
