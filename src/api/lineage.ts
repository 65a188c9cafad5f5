import { z } from 'zod'

import type { Uid } from '../model/uid.ts'
import { type FeedFacts, listFeedFacts } from '../storage/list-feed-facts.ts'
import { listMeterBlocks, type TracedBlock } from '../storage/list-meter-blocks.ts'
import { monthOf } from '../units/local-days.ts'
import { lineageAnswer } from './answers/lineage.ts'
import { invalidParam } from './api-error.ts'
import { type Endpoint, zoneOf } from './endpoint.ts'
import { getMeter } from './meters.ts'
import { parseParameters } from './parameters.ts'
import { renderChannel } from './render/channel.ts'
import { renderSources } from './render/sources.ts'
import { localTimes, platformTime } from './render/times.ts'
import { timeBound } from './time-bound.ts'

const RUNS_LIMIT = 20_000
const MONTHS_END = 2200 * 12
const query = z.object({ start: timeBound, end: timeBound })

type Span = { from: number | null; until: number | null }
type Run = { block: TracedBlock; starts: number; ends: number; readings: number; rawFeedUid: Uid }

/** Readings one after the other from one feed, of the span (null: open). */
function runsOf(block: TracedBlock, { from, until }: Span): Run[] {
  const runs: Run[] = []
  const { start, duration } = block.columns
  for (let at = 0; at < start.length; at++) {
    const starts = start[at] ?? 0
    const ends = starts + (duration[at] ?? 0)
    if ((from !== null && starts < from) || (until !== null && ends > until)) continue
    const rawFeedUid = String(block.source[at] ?? 0)
    const last = runs.at(-1)
    if (last?.rawFeedUid === rawFeedUid) {
      last.ends = ends
      last.readings++
    } else runs.push({ block, starts, ends, readings: 1, rawFeedUid })
  }
  return runs
}

type Context = { zone: string; publicUrl: string; authorizationUid: Uid; feeds: ReadonlyMap<Uid, FeedFacts> }

function render({ block, starts, ends, readings, rawFeedUid }: Run, context: Context) {
  const { zone, publicUrl, authorizationUid, feeds } = context
  const local = localTimes(zone)
  const feed = feeds.get(rawFeedUid)
  const [source] = feed ? renderSources(publicUrl, authorizationUid, [rawFeedUid]) : []
  return {
    ...renderChannel(block.channel),
    start: local(starts),
    end: local(ends),
    readings,
    source: {
      raw_feed_uid: rawFeedUid,
      product: feed?.product ?? null,
      fetched: feed ? platformTime(feed.fetched) : null,
      raw_url: source?.raw_url ?? null,
    },
  }
}

export const lineageEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/meters/:uid/lineage',
    summary: 'Tells from which raw feed each reading of a meter came',
    scope: 'read',
    query,
    answer: lineageAnswer,
    async run({ deps, companyUid, params, query: given }) {
      return await deps.db.company(companyUid, async (tx) => {
        const meter = await getMeter(tx, params['uid'] ?? '')
        const { start, end } = parseParameters(query, given)
        const { authorizationUid, meterUid } = meter
        const zone = zoneOf(deps, meter.utility)
        const span = { from: start?.(zone) ?? null, until: end?.(zone) ?? null }
        const blocks = await listMeterBlocks(tx, meter, {
          sinceMonth: span.from === null ? 0 : monthOf(span.from, zone),
          untilMonth: span.until === null ? MONTHS_END : monthOf(span.until, zone) + 1,
        })
        const runs = blocks.flatMap((block) => runsOf(block, span))
        if (runs.length > RUNS_LIMIT)
          throw invalidParam('start', `there are more than ${RUNS_LIMIT} runs; ask for less`)
        const feeds = await listFeedFacts(tx, authorizationUid, [...new Set(runs.map(({ rawFeedUid }) => rawFeedUid))])
        const context = { zone, publicUrl: deps.publicUrl, authorizationUid, feeds }
        return {
          meter_uid: meterUid,
          authorization_uid: authorizationUid,
          lineage: runs.map((run) => render(run, context)),
        }
      })
    },
  },
]
