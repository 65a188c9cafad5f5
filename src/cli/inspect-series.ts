import type { Reading, UsagePointTree } from '../espi/resolve-links.ts'
import { addExact, type Exact, formatExact } from '../units/exact.ts'
import type { Contents } from './inspect-contents.ts'
import { measureTimes, readSpans, type Times } from './inspect-times.ts'

/** Everything that one usage point tells of one reading type, as sent; the names are the JSON's. */
export type SeriesReport = {
  usage_point: string | null
  reading_type: string | null
  uom: number | null
  power_of_ten_multiplier: number | null
  flow_direction: number | null
  commodity: number | null
  interval_length: number | null
  readings: number
  sum_raw: string
  cost_sum_raw: string | null
} & Times

/** MeterReadings with blocks, those of one usage point and one reading type together, in document order. */
export type Group = { usagePoint: string | null; readings: Reading[] }

export function groupReadings(trees: readonly UsagePointTree[]): Group[] {
  return trees.flatMap((tree) => {
    const groups = new Map<string, Group>()
    for (const reading of tree.readings) {
      if (reading.blocks.length === 0) continue
      const key = JSON.stringify([reading.typeHref, reading.type])
      const group = groups.get(key) ?? { usagePoint: tree.entry?.self ?? null, readings: [] }
      group.readings.push(reading)
      groups.set(key, group)
    }
    return [...groups.values()]
  })
}

export function describeSeries({ usagePoint, readings }: Group, { sums }: Contents): SeriesReport {
  const type = readings[0]?.type
  const blocks = readings.flatMap((reading) => reading.blocks)
  const sum = (name: 'value' | 'cost'): Exact | null =>
    blocks.map(({ entry }) => sums.get(entry)?.[name] ?? null).reduce(addOrKeep, null)
  const cost = sum('cost')
  return {
    usage_point: usagePoint,
    reading_type: readings[0]?.typeHref ?? null,
    uom: type?.uom ?? null,
    power_of_ten_multiplier: type?.powerOfTenMultiplier ?? null,
    flow_direction: type?.flowDirection ?? null,
    commodity: type?.commodity ?? null,
    interval_length: type?.intervalLength ?? null,
    readings: blocks.reduce((total, block) => total + block.readings.count, 0),
    sum_raw: formatExact(sum('value') ?? ZERO),
    cost_sum_raw: cost === null ? null : formatExact(cost),
    ...measureTimes(readSpans(readings)),
  }
}

export const ZERO: Exact = { digits: 0n, exponent: 0 }

export function addOrKeep(sum: Exact | null, next: Exact | null): Exact | null {
  return sum === null ? next : next === null ? sum : addExact(sum, next)
}
