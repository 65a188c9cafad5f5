import { z } from 'zod'

import type { Tx } from '../storage/db.ts'
import type { MeterSpan } from '../storage/list-bill-page.ts'
import {
  listMatchingMeters,
  type MatchingMeter,
  type MeterChoice,
  METERS_LIMIT,
} from '../storage/list-matching-meters.ts'
import { ApiError, invalidParam, requiredParam } from './api-error.ts'
import { type Call, zoneOf } from './endpoint.ts'
import { paging, parseParameters, textList, uidList, updatedAfter } from './parameters.ts'
import { timeBound } from './time-bound.ts'

/** What /bills and /intervals may be asked. */
export const dataQuery = z.object({
  ...paging,
  authorizations: uidList,
  meters: uidList,
  start: timeBound,
  end: timeBound,
  order: z
    .enum(['latest_first', 'earliest_first'], 'must be latest_first or earliest_first')
    .optional()
    .transform((order) => order ?? 'latest_first'),
  include: textList,
  updated_after: updatedAfter,
})

/** One meter that was asked for, with its zone and the span in that zone. */
export type AskedMeter = MatchingMeter & { zone: string; span: MeterSpan }

type AskedData = { filter: z.output<typeof dataQuery>; meters: AskedMeter[] }

/**
 * What /bills and /intervals ask for: which meters, and for each its own span, since short dates mean the midnights of
 * its utility. Throws ApiError: one of `authorizations` and `meters` is needed, and nothing found is `not_found`.
 */
export async function askForData(call: Call): Promise<AskedData> {
  return await call.deps.db.readCompany(call.companyUid, (tx) => askWithin(tx, call))
}

/** The same in a transaction that has more to do. */
export async function askWithin(tx: Tx, { deps, query }: Call): Promise<AskedData> {
  const filter = parseParameters(dataQuery, query)
  const { rows, hasMore } = await listMatchingMeters(tx, choiceOf(filter), deps.now())
  if (rows.length === 0)
    throw new ApiError('not_found', 'No meters or authorizations found matching the given filter parameters.')
  if (hasMore) throw invalidParam('authorizations', `has more than ${METERS_LIMIT} meters; ask for fewer at a time`)
  const asked = rows.map((meter) => {
    const zone = zoneOf(deps, meter.utility)
    const { authorizationUid, meterUid } = meter
    const span = { authorizationUid, meterUid, from: filter.start?.(zone) ?? null, until: filter.end?.(zone) ?? null }
    return { ...meter, zone, span }
  })
  return { filter, meters: asked }
}

function choiceOf({ authorizations, meters }: Pick<AskedData['filter'], 'authorizations' | 'meters'>): MeterChoice {
  if (meters !== null) return { authorizations, meters }
  if (authorizations !== null) return { authorizations, meters }
  throw oneIsRequired()
}

function oneIsRequired(): ApiError {
  const fields = ['authorizations', 'meters'].map((field) => ({
    field,
    message: 'one of authorizations and meters is required',
  }))
  return requiredParam('authorizations" or "meters', fields)
}
