import type { Channel } from '../../model/series.ts'
import type { Unit } from '../../units/quantity.ts'
import { decimalText, differenceText } from './decimals.ts'
import { apiUnit, quotientText } from './units.ts'

/** Columns of one channel and month, ascending by start. */
export type Columns = {
  exponent: number
  start: Float64Array
  duration: Uint32Array
  value: Float64Array
  quality: Uint8Array
}

/** One channel of a month. starts, ends: from the first to the last reading that it ever had. */
export type MonthChannel = { channel: Channel; columns: Columns; starts: number; ends: number }

/** The channels that one reading is made of: of one quantity and unit, and of one physical meter (`part`). */
export type Line = {
  part: string | null
  unit: Unit
  delivered: MonthChannel | null
  received: MonthChannel | null
  net: MonthChannel | null
}

/**
 * Takes one reading; texts are exact JSON numbers in the API's unit. net null: one direction is missing at this time.
 */
export type Visit = (
  start: number,
  end: number,
  net: string | null,
  forward: string | null,
  reverse: string | null,
) => void

const UNIT_ORDER: readonly Unit[] = ['Wh', 'J', 'therm', 'BTU', 'm3', 'ft3', 'L', 'gal', 'imperial_gal']

/**
 * The channels that a meter's readings are told from. Energy goes before volume, so that gas told in both is told once;
 * what is neither (demand, power, register, temperature) is no usage. Two units are never mixed.
 */
export function chooseLines(channels: readonly MonthChannel[]): Line[] {
  const usage = channels.filter(({ channel }) => channel.quantified === 'energy' || channel.quantified === 'volume')
  const [best] = usage.toSorted((a, b) => rank(a.channel) - rank(b.channel))
  if (!best) return []
  const lines = new Map<string | null, Line>()
  for (const each of usage) {
    const { commodity, unit, quantified, direction, part = null } = each.channel
    if (commodity !== best.channel.commodity || unit !== best.channel.unit || quantified !== best.channel.quantified)
      continue
    const line = lines.get(part) ?? { part, unit, delivered: null, received: null, net: null }
    line[direction === 'none' ? 'net' : direction] ??= each
    lines.set(part, line)
  }
  return [...lines.values()]
}

function rank({ quantified, unit }: Channel): number {
  const place = UNIT_ORDER.indexOf(unit)
  return (quantified === 'energy' ? 0 : 100) + (place < 0 ? 50 : place)
}

/**
 * Visits the readings of a line, newest first. Where both directions exist, net is delivered minus received, exact. A
 * missing reading is not zero: while a meter has both directions and one of them lacks this time, net is what the
 * utility itself computed, or null. A direction counts from its first to its last reading ever: before solar panels
 * there is nothing to miss.
 */
export function visitReadings(line: Line, visit: Visit): void {
  const channels = { d: cursor(line.delivered), r: cursor(line.received), n: cursor(line.net) }
  const { d, r, n } = channels
  const text = textOf(line.unit)
  for (;;) {
    const start = Math.max(d.start(), r.start(), n.start())
    if (start === -Infinity) return
    const [hasD, hasR, hasN] = [d.start() === start, r.start() === start, n.start() === start]
    const lasts = hasD ? d.duration() : hasR ? r.duration() : n.duration()
    const forward = hasD ? text(d.value(), d.exponent, 0, d.exponent) : null
    const reverse = hasR ? text(r.value(), r.exponent, 0, r.exponent) : null
    let net: string | null = null
    if (hasD && hasR) {
      if (d.duration() === r.duration()) net = text(d.value(), d.exponent, r.value(), r.exponent)
    } else if (hasD && !r.isExpected(start)) net = forward
    else if (hasR && !d.isExpected(start)) net = text(0, r.exponent, r.value(), r.exponent)
    if (net === null && hasN) net = text(n.value(), n.exponent, 0, n.exponent)
    visit(start, start + lasts, net, forward, reverse)
    if (hasD) d.back()
    if (hasR) r.back()
    if (hasN) n.back()
  }
}

type Cursor = {
  exponent: number
  /** -Infinity at the end. */
  start(): number
  duration(): number
  value(): number
  isExpected(at: number): boolean
  back(): void
}

function cursor(channel: MonthChannel | null): Cursor {
  const columns = channel?.columns
  let at = (columns?.start.length ?? 0) - 1
  return {
    exponent: columns?.exponent ?? 0,
    start: () => columns?.start[at] ?? -Infinity,
    duration: () => columns?.duration[at] ?? 0,
    value: () => columns?.value[at] ?? 0,
    isExpected: (moment) => channel !== null && moment >= channel.starts && moment < channel.ends,
    back: () => void at--,
  }
}

type Text = (a: number, aExponent: number, b: number, bExponent: number) => string

/** Writes the difference of two values of a unit as a number of the API's unit. */
function textOf(unit: Unit): Text {
  const { shift, divisor } = apiUnit(unit)
  if (divisor !== undefined) return (a, aExponent, b, bExponent) => joules(a, aExponent, b, bExponent, divisor)
  return (a, aExponent, b, bExponent) =>
    b === 0 ? decimalText(a, aExponent + shift) : differenceText(a, aExponent, b, bExponent, shift)
}

function joules(a: number, aExponent: number, b: number, bExponent: number, divisor: bigint): string {
  const exponent = Math.min(aExponent, bExponent)
  return quotientText(a * 10 ** (aExponent - exponent) - b * 10 ** (bExponent - exponent), exponent, divisor)
}
