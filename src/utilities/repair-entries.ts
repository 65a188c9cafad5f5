import { type ContentKind, type ContentValues, type Entry, isContent, type WireFeed } from '../espi/entry.ts'
import type { Readings } from '../espi/readings.ts'

/**
 * The feed with the resources of one kind passed through `mend`, which returns the same object where nothing is to be done.
 * changed: how many came back different.
 */
export function mapResources<K extends ContentKind>(
  feed: WireFeed,
  kind: K,
  mend: (value: ContentValues[K], entry: Entry) => ContentValues[K],
): { feed: WireFeed; changed: number } {
  let changed = 0
  const entries = feed.entries.map((entry): Entry => {
    if (entry.content === null || !isKind(entry.content, kind)) return entry
    const { value } = entry.content
    const mended = { kind, value: mend(value, entry) }
    if (mended.value === value || !isContent(mended)) return entry
    changed++
    return { ...entry, content: mended }
  })
  return { feed: { ...feed, entries }, changed }
}

function isKind<K extends ContentKind>(
  content: { kind: ContentKind; value: unknown },
  kind: K,
): content is { kind: K; value: ContentValues[K] } {
  return content.kind === kind
}

/** The readings without the rows that `keep` refuses; the same object when it refuses none. */
export function filterRows(readings: Readings, keep: (row: number) => boolean): Readings {
  const rows: number[] = []
  const blocks = readings.blocks.map((block) => {
    const from = rows.length
    for (let row = block.from; row < block.to; row++) if (keep(row)) rows.push(row)
    return { ...block, from, to: rows.length }
  })
  if (rows.length === readings.count) return readings
  const pick = (column: Float64Array): Float64Array => Float64Array.from(rows, (row) => column[row] ?? NaN)
  const pickOrNull = (column: Float64Array | null): Float64Array | null => (column === null ? null : pick(column))
  const odd = (name: 'value' | 'cost'): Readings['odd']['value'] =>
    new Map(
      rows.flatMap((row, index) => {
        const number = readings.odd[name].get(row)
        return number === undefined ? [] : [[index, number] as const]
      }),
    )
  return {
    count: rows.length,
    blocks,
    start: pick(readings.start),
    duration: pick(readings.duration),
    value: pick(readings.value),
    cost: pickOrNull(readings.cost),
    quality: pickOrNull(readings.quality),
    tou: pickOrNull(readings.tou),
    tier: pickOrNull(readings.tier),
    cpp: pickOrNull(readings.cpp),
    multiplier: pickOrNull(readings.multiplier),
    odd: { value: odd('value'), cost: odd('cost') },
  }
}
