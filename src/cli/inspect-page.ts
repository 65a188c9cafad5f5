import { lastSegment } from '../espi/href.ts'
import { formatExact, parseExact } from '../units/exact.ts'
import type { BillReport, Inspected } from './inspect-report.ts'
import type { SeriesReport } from './inspect-series.ts'
import { readSpans, type Spans } from './inspect-times.ts'

const WIDTH = 60
const BARS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const UNIT_NAMES: Readonly<Record<number, string>> = {
  6: 'K',
  23: '°C',
  31: 'J',
  38: 'W',
  42: 'm³',
  61: 'VA',
  72: 'Wh',
  119: 'ft³',
  128: 'gal',
  132: 'BTU',
  169: 'therm',
}

/** The report as lines for people, with one small chart of the load for each series. */
export function renderPage({ report, groups }: Inspected): string[] {
  if (report.error !== null) return [`✗ ${report.file}`, `  ${report.error.message}`, `  (${report.error.code})`, '']
  const found = Object.entries(report.resources).filter(([, count]) => count > 0)
  return [
    `✓ ${report.file}`,
    `  ${report.entries} entries: ${found.map(([name, count]) => `${count} ${name}`).join(', ')}`,
    ...report.series.flatMap((series, index) => [
      '',
      ...seriesLines(series).map(indent),
      ...drawChart(readSpans(groups[index]?.readings ?? [])).map(indent),
    ]),
    ...(report.bills.length > 0 ? ['', '  Bills'] : []),
    ...report.bills.map((bill) => indent(billLine(bill))),
    ...(report.warnings.length > 0 ? ['', '  Worth a look'] : []),
    ...report.warnings.map(({ code, count, message }) => `    ${count} × ${message} (${code})`),
    '',
  ]
}

const indent = (line: string): string => `    ${line}`

function seriesLines(series: SeriesReport): string[] {
  const unit = series.uom === null ? 'no unit' : (UNIT_NAMES[series.uom] ?? `unit ${series.uom}`)
  const scale = series.power_of_ten_multiplier ? ` × 10^${series.power_of_ten_multiplier}` : ''
  const flow =
    series.flow_direction === 19
      ? 'received'
      : series.flow_direction === 4
        ? 'net'
        : series.flow_direction === 1
          ? 'delivered'
          : ''
  const point = lastSegment(series.usage_point)
  const faults = [
    [series.gaps, 'gaps'],
    [series.overlaps, 'overlaps'],
    [series.repeated_starts, 'repeated starts'],
  ].flatMap(([count, name]) => (Number(count) > 0 ? [`${count} ${name}`] : []))
  return [
    `Series ${[flow, unit + scale].filter(Boolean).join(', ')}${point === null ? '' : ` at ${point}`}: ${series.readings} readings, sum ${series.sum_raw}`,
    `${moment(series.start)} to ${moment(series.end)}${faults.length > 0 ? `; ${faults.join(', ')}` : '; no gaps'}`,
  ]
}

function billLine(bill: BillReport): string {
  const total = bill.bill_last_period === null ? 'no total' : `total ${money(bill.bill_last_period)}`
  const lines = bill.lines > 0 ? `, ${bill.lines} lines of ${money(bill.lines_sum)}` : ''
  const point = lastSegment(bill.usage_point)
  return `${moment(bill.start)} to ${moment(bill.end)}${point === null ? '' : ` at ${point}`}: ${total}${lines}${bill.consumption === null ? '' : `, usage ${bill.consumption}`}`
}

/** ESPI amounts are hundred-thousandths, unless they have a decimal point. */
function money(raw: string): string {
  const number = parseExact(raw)
  return number === null ? raw : formatExact(number.exponent < 0 ? number : { ...number, exponent: -5 })
}

function moment(epoch: number | null): string {
  const ms = epoch === null ? NaN : epoch * 1000
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString().slice(0, 16).replace('T', ' ') : 'unknown'
}

/** Mean load over time in one line of bars; a column without readings is blank. */
export function drawChart(spans: Spans): string[] {
  const known = Array.from({ length: spans.count }, (_, row) => row).filter((row) => !Number.isNaN(spans.value[row]))
  const start = known.reduce((least, row) => Math.min(least, spans.start[row] ?? NaN), Infinity)
  const end = known.reduce((most, row) => Math.max(most, spans.end[row] ?? NaN), -Infinity)
  if (known.length < 2 || end <= start) return []
  const width = Math.min(WIDTH, known.length)
  const sums = new Float64Array(width)
  const seconds = new Float64Array(width)
  for (const row of known) {
    const from = spans.start[row] ?? NaN
    const column = Math.min(width - 1, Math.floor(((from - start) / (end - start)) * width))
    sums[column] = (sums[column] ?? 0) + (spans.value[row] ?? 0)
    seconds[column] = (seconds[column] ?? 0) + Math.max(1, (spans.end[row] ?? NaN) - from)
  }
  const loads = Array.from(sums, (sum, column) => ((seconds[column] ?? 0) > 0 ? sum / (seconds[column] ?? 1) : NaN))
  const highest = loads.reduce((most, load) => (load > most ? load : most), 0)
  const bar = (load: number): string => {
    if (Number.isNaN(load)) return ' '
    return BARS[highest <= 0 ? 1 : Math.max(1, Math.round((Math.max(0, load) / highest) * 8))] ?? ' '
  }
  return [loads.map(bar).join('')]
}
