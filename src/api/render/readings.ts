import { addExact, type Exact, formatExact, parseExact } from '../../units/exact.ts'
import { netColumns } from './net-columns.ts'
import { type Line, visitReadings } from './net-readings.ts'
import { localTimes } from './times.ts'
import { apiUnit } from './units.ts'
import { countRows, type RowShape, writeRows } from './write-rows.ts'

/** span: only readings that lie in it, epoch seconds, null: open. withDirections: `include=directions`. */
export type ReadingsOptions = {
  lines: readonly Line[]
  from: number | null
  until: number | null
  withDirections: boolean
  zone: string
}

/**
 * JSON text of the readings with commas between, newest first, made piece by piece as it is asked for. told: how many readings;
 * withheld: how many were left out since one direction is missing.
 */
export type Readings = { pieces: Iterable<Uint8Array>; told: number; withheld: number }

type Texts = { texts: string[]; withheld: number }
type TextOptions = Omit<ReadingsOptions, 'zone'> & { local: (epoch: number) => string }

/**
 * The readings of one meter and month as JSON text: `{start, end, kwh, datapoints}`. Text is written from the columns
 * at once, without an object per reading, and numbers are the exact digits. What most clients ask for (one meter, its net) is
 * written as bytes (write-rows.ts); the rest is put together from texts.
 *
 * kwh is the deprecated net; it is null where the unit is another (gas is in therms, ccf, …: a number there would be
 * read as kilowatt-hours). One `net` datapoint a reading: a client adds up all datapoints. Several physical meters
 * under one agreement have one each, so that the sum is right. `include=directions` adds `forward` and `reverse`, and
 * then tells readings with one direction missing too, with kwh null.
 */
export function renderReadings(options: ReadingsOptions): Readings {
  const [line, ...others] = options.lines
  if (!line) return { pieces: [], told: 0, withheld: 0 }
  const columns = others.length > 0 || options.withDirections ? null : netColumns(line)
  if (columns)
    return { ...countRows(columns, options), pieces: withoutFirst(writeRows(columns, rowShape(line), options)) }
  const local = localTimes(options.zone)
  const { texts, withheld } = others.length === 0 ? single(line, { ...options, local }) : several({ ...options, local })
  return { pieces: [Buffer.from(texts.join(','))], told: texts.length, withheld }
}

/** Each row begins with its comma. */
function rowShape({ unit, part }: Line): RowShape {
  const { name } = apiUnit(unit)
  const point = `"datapoints":[{"type":"net","unit":${JSON.stringify(name)},"value":`
  const end = `${part === null ? '' : `,"meter_number":${JSON.stringify(part)}`}}]}`
  const behind = name === 'kwh' ? ['","kwh":', `,${point}`, end] : [`","kwh":null,${point}`, end]
  return { before: ',{"start":"', between: '","end":"', behind }
}

function* withoutFirst(pieces: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  let isFirst = true
  for (const piece of pieces) {
    yield isFirst ? piece.subarray(1) : piece
    isFirst = false
  }
}

function single(line: Line, { from, until, withDirections, local }: TextOptions): Texts {
  const texts: string[] = []
  let withheld = 0
  const points = datapoints(line, withDirections)
  const isEnergy = apiUnit(line.unit).name === 'kwh'
  visitReadings(line, (start, end, net, forward, reverse) => {
    if ((from !== null && start < from) || (until !== null && end > until)) return
    if (net === null && !withDirections) {
      withheld++
      return
    }
    texts.push(
      `{"start":"${local(start)}","end":"${local(end)}","kwh":${isEnergy ? net : null},` +
        `"datapoints":[${points(net, forward, reverse)}]}`,
    )
  })
  return { texts, withheld }
}

type Points = (net: string | null, forward: string | null, reverse: string | null) => string

function datapoints({ unit, part }: Line, withDirections: boolean): Points {
  const middle = `","unit":${JSON.stringify(apiUnit(unit).name)},"value":`
  const end = part === null ? '}' : `,"meter_number":${JSON.stringify(part)}}`
  const point = (type: string, value: string): string => `{"type":"${type}${middle}${value}${end}`
  return (net, forward, reverse) => {
    const points = net === null ? '' : point('net', net)
    if (!withDirections) return points
    const both = [
      points,
      forward === null ? '' : point('forward', forward),
      reverse === null ? '' : point('reverse', reverse),
    ]
    return both.filter((text) => text !== '').join(',')
  }
}

/**
 * Several physical meters: readings of one start and end are one reading, and its kwh is the sum of what each tells.
 */
function several({ lines, from, until, withDirections, local }: TextOptions): Texts {
  const readings = new Map<string, { start: number; end: number; sum: Exact | null; points: string[] }>()
  let withheld = 0
  for (const line of lines) {
    const points = datapoints(line, withDirections)
    visitReadings(line, (start, end, net, forward, reverse) => {
      if ((from !== null && start < from) || (until !== null && end > until)) return
      if (net === null && !withDirections) {
        withheld++
        return
      }
      const key = `${start} ${end}`
      const reading = readings.get(key) ?? { start, end, sum: null, points: [] }
      const told = net === null || apiUnit(line.unit).name !== 'kwh' ? null : parseExact(net)
      if (told) reading.sum = reading.sum === null ? told : addExact(reading.sum, told)
      reading.points.push(points(net, forward, reverse))
      readings.set(key, reading)
    })
  }
  const sorted = [...readings.values()].sort((a, b) => b.start - a.start || b.end - a.end)
  const texts = sorted.map(
    ({ start, end, sum, points }) =>
      `{"start":"${local(start)}","end":"${local(end)}","kwh":${sum === null ? null : formatExact(sum)},` +
      `"datapoints":[${points.join(',')}]}`,
  )
  return { texts, withheld }
}
