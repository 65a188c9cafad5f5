import type { MeterFacts } from '../../model/meter.ts'
import { channelKey, QUALITY } from '../../model/series.ts'
import type { MonthBlock } from '../../storage/list-interval-blocks.ts'
import type { ListedInterval } from '../../storage/list-interval-page.ts'
import { chooseLines, type Line, type MonthChannel } from './net-readings.ts'
import type { Note } from './notes.ts'
import { renderReadings } from './readings.ts'
import { renderSources } from './sources.ts'
import { localTimes, platformTime } from './times.ts'

export type IntervalContext = {
  meter: MeterFacts
  utility: string
  zone: string
  publicUrl: string
  /** Only readings that lie in this span, epoch seconds; null: open. */
  from: number | null
  until: number | null
  withDirections: boolean
  /** From the first to the last reading that a channel ever had. */
  reaches: readonly { channel: string; starts: number; ends: number }[]
}

/**
 * Interval, utilityapi.md 6.7, as JSON text: one per meter and month of the utility's calendar. Null when no reading
 * lies in the span.
 */
export function renderInterval(
  row: ListedInterval,
  blocks: readonly MonthBlock[],
  context: IntervalContext,
): string | null {
  const { meter, utility, zone, publicUrl } = context
  const channels = blocks.map((block) => toChannel(block, context))
  const lines = chooseLines(channels)
  const readings = renderReadings({ ...context, lines, local: localTimes(zone) })
  if (readings.texts.length === 0) return null
  const head = {
    uid: row.intervalUid,
    meter_uid: row.meterUid,
    authorization_uid: row.authorizationUid,
    created: platformTime(row.created),
    updated: platformTime(row.updated),
    notes: readings.withheld === 0 ? [] : [withheldNote(readings.withheld, row.updated)],
    utility,
    blocks: ['base', 'sources', 'readings'],
    base: {
      service_identifier: meter.serviceIdentifier,
      service_tariff: meter.serviceTariff,
      service_address: meter.serviceAddress,
      meter_numbers: meter.meterNumbers,
      qualities: qualities(lines),
    },
    sources: renderSources(
      publicUrl,
      row.authorizationUid,
      blocks.flatMap(({ sources }) => sources),
    ),
  }
  return `${JSON.stringify(head).slice(0, -1)},"readings":[${readings.texts.join(',')}]}`
}

function toChannel({ channel, columns }: MonthBlock, { reaches }: IntervalContext): MonthChannel {
  const key = channelKey(channel)
  const reach = reaches.find((each) => each.channel === key)
  return {
    channel,
    columns,
    starts: reach?.starts ?? -Infinity,
    ends: reach?.ends ?? Infinity,
  }
}

function withheldNote(count: number, updated: Date): Note {
  const msg = `${count} readings tell one of two directions only and are left out, since their net is not known.`
  return { type: 'strange', msg, ts: platformTime(updated) }
}

/** Names of the qualities that occur, the best first; what the utility did not qualify has no name. */
function qualities(lines: readonly Line[]): string[] {
  const found = new Set<number>()
  for (const { delivered, received, net } of lines)
    for (const channel of [delivered, received, net])
      for (const quality of channel?.columns.quality ?? []) found.add(quality)
  return Object.entries(QUALITY)
    .filter(([name, rank]) => name !== 'unknown' && found.has(rank))
    .sort(([, a], [, b]) => b - a)
    .map(([name]) => name)
}
