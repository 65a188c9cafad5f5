import type { MeterFacts } from '../../model/meter.ts'
import { channelKey, QUALITY } from '../../model/series.ts'
import type { MonthBlock } from '../../storage/list-interval-blocks.ts'
import type { ListedInterval } from '../../storage/list-interval-page.ts'
import { renderColumns } from './interval-columns.ts'
import { netColumns } from './net-columns.ts'
import { chooseLines, type Line, type MonthChannel } from './net-readings.ts'
import type { Note } from './notes.ts'
import { type Readings, renderReadings } from './readings.ts'
import { renderSources } from './sources.ts'
import { platformTime } from './times.ts'
import { apiUnit } from './units.ts'

export type IntervalContext = {
  meter: MeterFacts
  utility: string
  zone: string
  publicUrl: string
  /** Only readings that lie in this span, epoch seconds; null: open. */
  from: number | null
  until: number | null
  /** From the first to the last reading that a channel ever had. */
  reaches: readonly { channel: string; starts: number; ends: number }[]
}

/** Readings as rows with their net, as rows with both directions too, or as columns. */
export type Layout = 'rows' | 'directions' | 'columns'

/**
 * Interval, utilityapi.md 6.7, as JSON text in pieces, made as they are asked for: one per meter and month of the utility's
 * calendar. Null when no reading lies in the span.
 */
export function renderInterval(
  row: ListedInterval,
  blocks: readonly MonthBlock[],
  context: IntervalContext & { layout: Layout },
): Iterable<Uint8Array> | null {
  const { meter, utility, publicUrl, layout } = context
  const channels = blocks.map((block) => toChannel(block, context))
  const lines = chooseLines(channels)
  const readings = layout === 'columns' ? renderAllColumns(lines, context) : renderRows(lines, context)
  if (readings.told === 0) return null
  const head = {
    uid: row.intervalUid,
    meter_uid: row.meterUid,
    authorization_uid: row.authorizationUid,
    created: platformTime(row.created),
    updated: platformTime(row.updated),
    notes: readings.withheld === 0 ? [] : [withheldNote(readings.withheld, row.updated)],
    utility,
    blocks: ['base', 'sources', layout === 'columns' ? 'columns' : 'readings'],
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
  const name = layout === 'columns' ? 'columns' : 'readings'
  return around(Buffer.from(`${JSON.stringify(head).slice(0, -1)},"${name}":[`), readings.pieces)
}

function* around(head: Uint8Array, pieces: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  yield head
  yield* pieces
  yield END
}

const END = Buffer.from(']}')
const COMMA = Buffer.from(',')

function renderRows(lines: readonly Line[], context: IntervalContext & { layout: Layout }): Readings {
  const { layout } = context
  return renderReadings({ ...context, lines, withDirections: layout === 'directions' })
}

/** What columns cannot tell (net-columns.ts) is counted as withheld; rows tell it. */
function renderAllColumns(lines: readonly Line[], { from, until }: IntervalContext): Readings {
  let withheld = 0
  const pieces = lines.flatMap((line) => {
    const columns = netColumns(line)
    if (columns === null) withheld += (line.delivered ?? line.received ?? line.net)?.columns.start.length ?? 0
    if (columns === null) return []
    const rendered = renderColumns(columns, { unit: apiUnit(line.unit).name, part: line.part, from, until })
    return rendered === null ? [] : [rendered]
  })
  return { pieces: pieces.flatMap((piece, at) => (at === 0 ? [piece] : [COMMA, piece])), told: pieces.length, withheld }
}

/** A block with how far its channel reaches. */
export function toChannel({ channel, columns }: MonthBlock, { reaches }: IntervalContext): MonthChannel {
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
  let found = 0
  for (const { delivered, received, net } of lines)
    for (const channel of [delivered, received, net]) {
      const quality = channel?.columns.quality ?? new Uint8Array()
      for (let at = 0; at < quality.length; at++) found |= 1 << (quality[at] ?? 0)
    }
  return Object.entries(QUALITY)
    .filter(([name, rank]) => name !== 'unknown' && (found & (1 << rank)) !== 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name]) => name)
}
