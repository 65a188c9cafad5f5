import type { Reading, UsagePointTree } from '../espi/resolve-links.ts'
import type { Wire } from '../espi/resources.ts'
import { lastSegment } from '../espi/href.ts'
import type { Commodity, Series } from '../model/series.ts'
import { channelKey } from '../model/series.ts'
import type { Room } from '../units/folded-column.ts'
import { restoreAutumnHour } from './autumn-hour.ts'
import * as codes from './codes.ts'
import { correctDurations } from './durations.ts'
import { mergeRows } from './merge-rows.ts'
import type { NormalizeOptions } from './options.ts'
import { type Part, putTogether } from './put-together.ts'
import { isScale } from './quantity.ts'
import { readRows } from './read-rows.ts'
import { usageOfRegisters } from './registers.ts'
import { warn, type WarningCounts } from './warnings.ts'

/**
 * The series of one usage point: one for each channel, exact integers with one power of ten, ascending, each start once.
 *
 * Multipliers apply to values only; costs are hundred-thousandths as they are. Net, registers and temperatures stay channels
 * of their own. MeterReadings of one channel that do not overlap (a utility that splits by time of use) make one series; of
 * two interval lengths each moment counts once; meters that report at the same time stay apart as channels with a `part`.
 * Source: espi.xsd 4.0, types ReadingType and IntervalReading; fall-backs for what utilities leave out are counted.
 * Their columns lie in memory of `options.room`.
 */
export function normalizeSeries(tree: UsagePointTree, options: SeriesOptions, counts: WarningCounts): Series[] {
  const service = codes.serviceCommodity(tree.entry?.content.value.ServiceCategory?.kind)
  const channels = new Map<string, Part[]>()
  for (const reading of tree.readings) {
    if (reading.blocks.every(({ readings }) => readings.count === 0)) continue
    const part = readPart(reading, service, options, counts)
    if (part === null || part.rows.count === 0) continue
    const key = channelKey(part.channel)
    channels.set(key, [...(channels.get(key) ?? []), part])
  }
  const series = [...channels.values()].flatMap((parts) =>
    putTogether(parts, counts).map((part) => toSeries(tree.key, part, options, counts)),
  )
  return [...series, ...usageOfRegisters(series, counts)]
}

type SeriesOptions = NormalizeOptions & { room: Room }

function readPart(
  reading: Reading,
  service: Commodity | null,
  options: SeriesOptions,
  counts: WarningCounts,
): Part | null {
  const type = usableType(reading, service, counts)
  if (type === null) return null
  if (!isScale(type.powerOfTenMultiplier)) {
    warn(counts, 'unsupported_scale')
    return null
  }
  const unit = type.uom === null ? undefined : codes.UNITS[type.uom]
  const direction = codes.directionOf(type.flowDirection)
  if (unit === undefined || unit === 'none') {
    warn(counts, 'unsupported_unit')
    return null
  }
  if (direction === null) {
    warn(counts, 'unsupported_flow')
    return null
  }
  const commodity = codes.commodityOf(type.commodity, service, unit)
  const quantified = codes.quantifiedOf(type, unit)
  if (commodity === 'electricity' && quantified === 'volume') {
    warn(counts, 'unit_does_not_fit')
    return null
  }
  const rows = readRows(reading, type, options, counts)
  return {
    channel: { commodity, direction, quantified, unit },
    rows,
    intervalLength: type.intervalLength,
    name: lastSegment(reading.href),
    share: [type.tou, type.consumptionTier, type.cpp].join('/'),
  }
}

/** NISC writes the unit into the interval; a bare type of an electric service counts watt-hours. */
function usableType(
  { type, blocks }: Reading,
  service: Commodity | null,
  counts: WarningCounts,
): Wire<'ReadingType'> | null {
  if (type === null) {
    warn(counts, 'missing_reading_type')
    return null
  }
  if (type.uom !== null) return type
  const inside = blocks.flatMap(({ readings }) => readings.blocks).find(({ uom }) => uom !== null)
  if (inside !== undefined) return { ...type, uom: inside.uom }
  if (service !== 'electricity' && type.commodity !== 1) return type
  warn(counts, 'assumed_reading_type')
  return { ...type, uom: 72 }
}

function toSeries(usagePoint: string, part: Part, options: NormalizeOptions, counts: WarningCounts): Series {
  const { channel, intervalLength } = part
  const rows = restoreAutumnHour(part.rows, options.timezone, counts)
  const chosen = { count: rows.count, kept: mergeRows(rows, channel.quantified === 'register', counts) }
  const start = pick(rows.start, chosen)
  const duration = pick(rows.duration, chosen)
  if (channel.quantified !== 'register') correctDurations(start, duration, intervalLength, counts)
  const cost = rows.cost === null ? null : pick(rows.cost, chosen)
  const tou = pick(rows.tou, chosen)
  const priced = cost !== null && cost.some((value) => !Number.isNaN(value))
  return {
    usagePoint,
    channel,
    exponent: rows.exponent,
    start,
    duration: wholeSeconds(duration),
    value: pick(rows.value, chosen),
    quality: pick(rows.quality, chosen),
    cost: priced ? cost : null,
    tou: tou.some((code) => code > 0) ? tou : null,
    currency: priced ? (rows.currency ?? options.currency) : null,
  }
}

function wholeSeconds(duration: Float64Array): Uint32Array {
  const whole = new Uint32Array(duration.length)
  for (let row = 0; row < duration.length; row++) {
    const value = duration[row] ?? 0
    if (value > 0 && value < 2 ** 32) whole[row] = value
  }
  return whole
}

type Kept = { count: number; kept: Uint32Array | null }

function pick(column: Float64Array, rows: Kept): Float64Array
function pick(column: Uint8Array, rows: Kept): Uint8Array
/**
 * The chosen rows of a column, or its first `count` ones without a copy. A loop, as `from` with a function takes five times as
 * long.
 */
function pick(column: Float64Array | Uint8Array, { count, kept }: Kept): Float64Array | Uint8Array {
  if (kept === null) return column.subarray(0, count)
  const target = column instanceof Float64Array ? new Float64Array(kept.length) : new Uint8Array(kept.length)
  for (let index = 0; index < kept.length; index++) target[index] = column[kept[index] ?? 0] ?? NaN
  return target
}
