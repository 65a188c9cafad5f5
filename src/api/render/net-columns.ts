import { apiUnit } from './units.ts'
import type { Columns, Line, MonthChannel } from './net-readings.ts'

/**
 * The net of a line in columns, ascending: value in `10 ** exponent` of the API's unit, exact safe integers; NaN where one
 * direction is missing, so that the net is not known.
 */
export type NetColumns = { exponent: number; start: Float64Array; duration: Uint32Array; value: Float64Array }

/** Exponents that are written as digits with a point, without zeros behind. */
const LEAST = -15

/**
 * What visitReadings (net-readings.ts) tells of the net, in numbers instead of texts. Null where numbers do not do: a unit
 * that has to be divided, a very large or a very small scale, differences beyond the safe integers.
 */
export function netColumns(line: Line): NetColumns | null {
  const { shift, divisor } = apiUnit(line.unit)
  const channels = [line.delivered, line.received, line.net].filter((channel) => channel !== null)
  const exponent = Math.min(...channels.map(({ columns }) => columns.exponent))
  const told = exponent + shift
  if (divisor !== undefined || !(told <= 0 && told >= LEAST)) return null
  const [only] = channels
  if (only && channels.length === 1) {
    const { start, duration, value } = only.columns
    const sign = only === line.received ? -1 : 1
    return { exponent: told, start, duration, value: sign === 1 ? value : value.map((one) => 0 - one) }
  }
  const scaled = [line.delivered, line.received, line.net].map((channel) => scale(channel, exponent))
  const [delivered, received, net] = scaled
  if (!delivered || !received || !net) return null
  const joined = join(delivered, received, net)
  return joined && { exponent: told, ...joined }
}

/** A channel at a smaller exponent, with half of the safe integers left for differences. */
type Scaled = Pick<Columns, 'start' | 'duration' | 'value'> & Pick<MonthChannel, 'starts' | 'ends'>

const NONE: Scaled = {
  start: new Float64Array(),
  duration: new Uint32Array(),
  value: new Float64Array(),
  starts: Infinity,
  ends: -Infinity,
}
const LIMIT = 2 ** 52

function scale(channel: MonthChannel | null, exponent: number): Scaled | null {
  if (channel === null) return NONE
  const { columns, starts, ends } = channel
  const factor = 10 ** (columns.exponent - exponent)
  const value = factor === 1 ? columns.value : columns.value.map((one) => one * factor)
  if (value.some((one) => Math.abs(one) > LIMIT)) return null
  return { start: columns.start, duration: columns.duration, value, starts, ends }
}

/** As visitReadings has it: delivered minus received; else the one that there is; else what the utility computed itself. */
function join(delivered: Scaled, received: Scaled, net: Scaled): Omit<NetColumns, 'exponent'> | null {
  const most = delivered.start.length + received.start.length + net.start.length
  const joined = { start: new Float64Array(most), duration: new Uint32Array(most), value: new Float64Array(most) }
  let length = 0
  for (let [d, r, n] = [0, 0, 0]; ; length++) {
    const [atD, atR, atN] = [delivered.start[d] ?? Infinity, received.start[r] ?? Infinity, net.start[n] ?? Infinity]
    const start = Math.min(atD, atR, atN)
    if (start === Infinity) break
    const [hasD, hasR, hasN] = [atD === start, atR === start, atN === start]
    const lasts = (hasD ? delivered.duration[d] : hasR ? received.duration[r] : net.duration[n]) ?? 0
    let value = Number.NaN
    if (hasD && hasR) {
      if (lasts === received.duration[r]) value = (delivered.value[d] ?? 0) - (received.value[r] ?? 0)
    } else if (hasD && !isExpected(received, start)) value = delivered.value[d] ?? 0
    else if (hasR && !isExpected(delivered, start)) value = 0 - (received.value[r] ?? 0)
    if (Number.isNaN(value) && hasN) value = net.value[n] ?? 0
    joined.start[length] = start
    joined.duration[length] = lasts
    joined.value[length] = value
    if (hasD) d++
    if (hasR) r++
    if (hasN) n++
  }
  return {
    start: joined.start.subarray(0, length),
    duration: joined.duration.subarray(0, length),
    value: joined.value.subarray(0, length),
  }
}

function isExpected({ starts, ends }: Scaled, moment: number): boolean {
  return moment >= starts && moment < ends
}
