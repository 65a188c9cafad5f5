import type { Agreement } from './household.ts'
import { dateOf, lengthOf, midnight, wallMinute } from './local-days.ts'
import { hash, mix } from './random.ts'
import { tariffs, touOf } from './tariffs.ts'
import type { Correction, World } from './world.ts'

/** One day of one channel, in columns; missing intervals are simply not there. */
export type DayReadings = {
  starts: number[]
  durations: number[]
  values: number[]
  qualities: number[]
  tous: number[]
}

type Load = { watts: number; hours: readonly number[]; months: readonly number[]; weekendPermille: number }

const evening = [42, 38, 36, 35, 36, 42, 60, 78, 70, 60, 55, 54, 55, 56, 58, 64, 80, 110, 125, 130, 118, 96, 70, 52]
const business = [
  22, 21, 20, 20, 22, 30, 55, 85, 110, 120, 125, 128, 126, 128, 130, 126, 118, 100, 70, 45, 34, 28, 24, 22,
]
const flat = [
  90, 88, 87, 87, 90, 96, 104, 112, 118, 120, 121, 121, 120, 121, 122, 120, 116, 110, 104, 100, 97, 95, 93, 91,
]
const cooling = [98, 92, 86, 84, 90, 112, 142, 150, 124, 94, 86, 102]
const heating = [190, 170, 130, 90, 55, 32, 24, 24, 30, 62, 128, 186]
const sun = [0, 0, 0, 0, 0, 2, 12, 34, 62, 86, 104, 116, 120, 116, 104, 84, 58, 30, 9, 1, 0, 0, 0, 0]
const sunMonths = [56, 68, 84, 98, 108, 114, 116, 110, 98, 80, 62, 52]

const loads: Record<Agreement['load'], Load> = {
  home: { watts: 820, hours: evening, months: cooling, weekendPermille: 1120 },
  shop: { watts: 11_400, hours: business, months: cooling, weekendPermille: 610 },
  plant: { watts: 84_000, hours: flat, months: cooling, weekendPermille: 720 },
  gas: { watts: 0, hours: flat, months: heating, weekendPermille: 1060 },
}

const resolutions = { pge900: 1000, pge3600: 100, sce: 10_000, demo: 1000 }

const resolutionOf = (world: World, agreement: Agreement): number => {
  if (agreement.commodity === 'gas') return 100_000
  if (world.utility === 'pge') return agreement.intervalLength === 900 ? resolutions.pge900 : resolutions.pge3600
  return resolutions[world.utility]
}

/** The latest correction of a day known at `asOf`, if any. */
export const correctionOf = (world: World, agreement: Agreement, day: number, asOf: number): Correction | undefined =>
  world.corrections.findLast((c) => c.usagePoint === agreement.id && c.day === day && c.at <= asOf)

/**
 * Readings of one local day and one flow direction, as the utility knows them at `asOf`.
 * `billed` turns validated data (quality 17) into revenue quality (19); an estimate (8) stays one until it is corrected.
 */
export const dayReadings = (
  world: World,
  agreement: Agreement,
  at: { day: number; flow: 1 | 19; asOf: number; billed: boolean },
): DayReadings => {
  const out: DayReadings = { starts: [], durations: [], values: [], qualities: [], tous: [] }
  const { day, flow } = at
  if (day < agreement.firstDay || (agreement.endDay !== null && day >= agreement.endDay)) return out
  const correction = correctionOf(world, agreement, day, at.asOf)
  const noise = hash(world.seed, agreement.key, day)
  const length = agreement.intervalLength === 86_400 ? lengthOf(day) : agreement.intervalLength
  const gas = agreement.commodity === 'gas'
  const first = midnight(day) + (gas && world.utility === 'pge' ? 1 : 0) // PG&E's gas days start one second late
  const slots = gas ? 1 : lengthOf(day) / length
  const resolution = resolutionOf(world, agreement)
  const missing = correction ? null : missingSlots(agreement, day, slots, noise)
  const estimated = !correction && agreement.estimates && noise % 19 === 3
  const { schedule } = tariffs[agreement.tariff]
  for (let slot = 0; slot < slots; slot++) {
    if (missing && slot >= missing.from && slot < missing.to) continue
    const start = first + slot * length
    const minute = gas ? 0 : wallMinute(start, day)
    const exact = gas ? gasOf(day, noise) : energyOf(agreement, { day, minute, noise, slot, flow, length })
    const corrected = correction ? Math.floor((exact * correction.permille) / 1000) : exact
    out.starts.push(start)
    out.durations.push(length)
    out.values.push(Math.floor(corrected / resolution) * resolution)
    const exchanged = slots > 1 && minute >= 720 && minute < 780 && agreement.meters.some((m) => m.from === day)
    out.qualities.push(correction ? 19 : estimated || exchanged ? 8 : at.billed ? 19 : 17)
    out.tous.push(touOf(schedule, day, minute))
  }
  return out
}

/** The first day is always complete, so that history begins where it is said to begin. */
function missingSlots(
  agreement: Agreement,
  day: number,
  slots: number,
  noise: number,
): { from: number; to: number } | null {
  if (!agreement.gaps || day === agreement.firstDay) return null
  if (noise % 149 === 11) return { from: 0, to: slots }
  if (noise % 23 !== 7) return null
  const from = mix(noise, 1001) % slots
  return { from, to: Math.min(slots, from + 1 + (mix(noise, 1002) % 6)) }
}

type Moment = { day: number; minute: number; noise: number; slot: number; flow: 1 | 19; length: number }

/** mWh of one interval; whole numbers throughout. */
function energyOf(agreement: Agreement, { day, minute, noise, slot, flow, length }: Moment): number {
  const { month, weekday } = dateOf(day)
  const hour = Math.floor(minute / 60)
  const load = loads[agreement.load]
  const week = weekday === 0 || weekday === 6 ? load.weekendPermille : 1000
  const jitter = 640 + (mix(noise, slot) % 720)
  const watts = Math.floor(
    (load.watts * (load.hours[hour] ?? 0) * (load.months[month - 1] ?? 0) * week * jitter) / 10_000_000_000,
  )
  const perWatt = (length * 1000) / 3600 // 250 or 1000
  if (!agreement.solar) return flow === 1 ? watts * perWatt : 0
  const cloud = 35 + (noise % 66)
  const generated = Math.floor((3300 * (sun[hour] ?? 0) * (sunMonths[month - 1] ?? 0) * cloud) / 1_300_000)
  const net = watts - generated
  const both = generated > 0 && Math.abs(net) < 200 ? 24 : 0 // a passing cloud: both registers move in one interval
  return (flow === 1 ? Math.max(net, 0) + both : Math.max(-net, 0) + both) * perWatt
}

/** 1e-8 therm of one day. */
function gasOf(day: number, noise: number): number {
  const { month, weekday } = dateOf(day)
  const week = weekday === 0 || weekday === 6 ? loads.gas.weekendPermille : 1000
  return Math.floor((1_400_000 * (heating[month - 1] ?? 0) * week * (700 + (noise % 600))) / 1_000_000)
}
