import { z } from 'zod'

import { authorizationOf, type Uid } from '../model/uid.ts'
import type { Tx } from '../storage/db.ts'
import type { MeterSpan, SpanFilter } from '../storage/list-bill-page.ts'
import {
  listMatchingMeters,
  type MatchingMeter,
  type MeterChoice,
  METERS_LIMIT,
} from '../storage/list-matching-meters.ts'
import type { Page } from '../storage/list-page.ts'
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

type Filter = AskedData['filter']

/**
 * What /bills and /intervals ask for: which meters, and for each its own span, since short dates mean the midnights of
 * its utility. Throws ApiError: one of `authorizations` and `meters` is needed, and nothing found is `not_found`.
 */
export async function askForData(call: Call): Promise<AskedData> {
  const filter = parseParameters(dataQuery, call.query)
  return { filter, meters: await call.deps.db.readCompany(call.companyUid, (tx) => findMeters(tx, call, filter)) }
}

/** The zone of the utility of which a company asked last: dates are most likely meant in it again. */
const lastZones = new Map<Uid, string>()

/**
 * The same with the first page of what `list` finds. Where the meters are named, both are asked in one trip, with dates as they are
 * meant in the zone of last time; what came of it counts only if every meter that was asked for may be read, and has these spans.
 */
export async function askForPage<Row>(
  call: Call,
  list: (tx: Tx, filter: SpanFilter) => Promise<Page<Row>>,
): Promise<AskedData & { page: Page<Row> }> {
  const filter = parseParameters(dataQuery, call.query)
  return await call.deps.db.readCompany(call.companyUid, async (tx) => {
    const listOf = async (spans: MeterSpan[]): Promise<Page<Row>> =>
      await list(tx, { ...filter, updatedAfter: filter.updated_after, spans })
    const early = spansBefore(filter, lastZones.get(call.companyUid) ?? null)
    const [meters, page] = await Promise.all([findMeters(tx, call, filter), early && listOf(early)])
    const spans = meters.map(({ span }) => span)
    for (const { zone } of meters.slice(0, 1)) lastZones.set(call.companyUid, zone)
    return { filter, meters, page: page !== null && areSame(early ?? [], spans) ? page : await listOf(spans) }
  })
}

/** The spans of meters that were named, if dates are meant in this zone; null where that cannot be told. */
function spansBefore({ meters, authorizations, start, end, after }: Filter, zone: string | null): MeterSpan[] | null {
  if (meters === null || authorizations !== null || after !== null) return null
  if (zone === null && (start !== null || end !== null)) return null
  const span = { from: start?.(zone ?? 'UTC') ?? null, until: end?.(zone ?? 'UTC') ?? null }
  return meters.map((meterUid) => ({ authorizationUid: authorizationOf(meterUid), meterUid, ...span }))
}

function areSame(some: readonly MeterSpan[], others: readonly MeterSpan[]): boolean {
  const known = new Map(others.map((span) => [span.meterUid, span]))
  return (
    some.length === others.length &&
    some.every(({ meterUid, from, until }) => {
      const other = known.get(meterUid)
      return other?.from === from && other.until === until
    })
  )
}

async function findMeters(tx: Tx, { deps }: Call, filter: Filter): Promise<AskedMeter[]> {
  const { rows, hasMore } = await listMatchingMeters(tx, choiceOf(filter), deps.now())
  if (rows.length === 0)
    throw new ApiError('not_found', 'No meters or authorizations found matching the given filter parameters.')
  if (hasMore) throw invalidParam('authorizations', `has more than ${METERS_LIMIT} meters; ask for fewer at a time`)
  return rows.map((meter) => {
    const zone = zoneOf(deps, meter.utility)
    const { authorizationUid, meterUid } = meter
    const span = { authorizationUid, meterUid, from: filter.start?.(zone) ?? null, until: filter.end?.(zone) ?? null }
    return { ...meter, zone, span }
  })
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
