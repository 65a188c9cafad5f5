import type { NetColumns } from './net-columns.ts'
import { NUMBER_BYTES, placeDecimal } from './write-decimal.ts'

/** Which readings of which unit and part; from and until: epoch seconds, null: open. */
type Asked = { unit: string | null; part: string | null; from: number | null; until: number | null }

type Runs = { starts: [first: number, step: number, count: number][]; durations: [seconds: number, count: number][] }

const NULL = Buffer.from('null')
const [COMMA, END] = [0x2c, Buffer.from(']}')]

/**
 * The columns of a line as JSON text, about an eighth of the bytes of rows; null when no reading lies in the span. unit: the API's.
 * starts: runs of [first start, step, how many], epoch seconds. durations: runs of [seconds, how many]. values: whole numbers of
 * `10 ** exponent` of the unit, null where the net is not known; ascending by time, as rows are not.
 */
export function renderColumns(
  { exponent, start, duration, value }: NetColumns,
  { unit, part, from, until }: Asked,
): Uint8Array | null {
  const runs: Runs = { starts: [], durations: [] }
  const values = Buffer.allocUnsafe(start.length * (NUMBER_BYTES + 1))
  const digits = new Uint8Array(NUMBER_BYTES)
  let length = 0
  for (let at = 0; at < start.length; at++) {
    const begins = start[at] ?? 0
    const lasts = duration[at] ?? 0
    if ((from !== null && begins < from) || (until !== null && begins + lasts > until)) continue
    addStart(runs.starts, begins)
    addDuration(runs.durations, lasts)
    if (length > 0) values[length++] = COMMA
    const net = value[at] ?? Number.NaN
    if (net !== net) length += NULL.copy(values, length)
    else
      for (let digit = placeDecimal(digits, net, 0); digit < NUMBER_BYTES; digit++)
        values[length++] = digits[digit] ?? 0
  }
  if (length === 0) return null
  const head = JSON.stringify({ unit, part, exponent, ...runs })
  return Buffer.concat([Buffer.from(`${head.slice(0, -1)},"values":[`), values.subarray(0, length), END])
}

/** A run of one reading has no step yet: the second one gives it. */
function addStart(starts: Runs['starts'], begins: number): void {
  const run = starts.at(-1)
  if (run && run[2] === 1) [run[1], run[2]] = [begins - run[0], 2]
  else if (run && run[0] + run[1] * run[2] === begins) run[2]++
  else starts.push([begins, 0, 1])
}

function addDuration(durations: Runs['durations'], lasts: number): void {
  const run = durations.at(-1)
  if (run?.[0] === lasts) run[1]++
  else durations.push([lasts, 1])
}
