import type { MonthBlock } from '../../storage/list-interval-blocks.ts'
import type { ListedInterval } from '../../storage/list-interval-page.ts'
import { csvText } from './csv-cell.ts'
import { type IntervalContext, toChannel } from './interval.ts'
import { netColumns, type NetColumns } from './net-columns.ts'
import { chooseLines, type Line, visitReadings } from './net-readings.ts'
import { renderSources } from './sources.ts'
import { localTimes, platformTime } from './times.ts'
import { apiUnit } from './units.ts'
import { type Decimal, measureDecimal, writeDecimal } from './write-decimal.ts'
import { TIME_BYTES, timeWriter } from './write-time.ts'

const COLUMNS =
  'meter_uid,utility,utility_service_id,utility_service_address,utility_meter_number,utility_tariff_name,interval_start,' +
  'interval_end,interval_kWh,net_kWh,source,updated,interval_timezone'

/** withUnits: `include=units`, two more columns, for meters that count in something else than kWh. */
export type CsvContext = IntervalContext & { withUnits: boolean }

/** The first line. Columns: utilityapi.md section 11, intervals_csv, in its order. */
export function csvHead(withUnits: boolean): string {
  return `${COLUMNS}${withUnits ? ',interval_volume,interval_unit' : ''}\r\n`
}

const NUMBER_BYTES = 20

/**
 * The readings of one meter and month as lines of CSV, newest first. Times are local with their offset, so that both 01:xx
 * hours of an autumn night differ. The two kWh columns are the net, and are empty for a meter that counts in another unit.
 */
export function renderIntervalCsv(
  row: ListedInterval,
  blocks: readonly MonthBlock[],
  context: CsvContext,
): Uint8Array[] {
  return chooseLines(blocks.map((block) => toChannel(block, context))).map((line) => {
    const cells = cellsAround(row, blocks, line, context)
    const columns = netColumns(line)
    return columns ? writeRows(columns, cells, context) : Buffer.from(textRows(line, cells, context))
  })
}

/** What stands before the times of every row, and behind its numbers. */
type Cells = { before: string; isEnergy: boolean; behind: string; unit: string | null }

function cellsAround(
  row: ListedInterval,
  blocks: readonly MonthBlock[],
  line: Line,
  { meter, utility, zone, publicUrl, withUnits }: CsvContext,
): Cells {
  const { name } = apiUnit(line.unit)
  const [source] = renderSources(
    publicUrl,
    row.authorizationUid,
    blocks.flatMap(({ sources }) => sources),
  )
  const before = [
    row.meterUid,
    csvText(utility),
    csvText(meter.serviceIdentifier),
    csvText(meter.serviceAddress),
    csvText(line.part ?? meter.meterNumbers.join(' ')),
    csvText(meter.serviceTariff),
  ]
  const behind = [csvText(source?.raw_url ?? ''), platformTime(row.updated), zone]
  return {
    before: `${before.join(',')},`,
    isEnergy: name === 'kwh',
    behind: `,${behind.join(',')}`,
    unit: withUnits ? csvText(name) : null,
  }
}

function writeRows({ exponent, start, duration, value }: NetColumns, cells: Cells, context: CsvContext): Uint8Array {
  const { from, until, zone } = context
  const head = Buffer.from(cells.before)
  const tail = Buffer.from(cells.behind)
  const unit = Buffer.from(cells.unit === null ? '\r\n' : `,${cells.unit}\r\n`)
  const most = head.length + tail.length + unit.length + 2 * TIME_BYTES + 3 * NUMBER_BYTES + 8
  const bytes = Buffer.allocUnsafe(start.length * most)
  const time = timeWriter(zone)
  const number: Decimal = { digits: 0, places: 0, width: 0 }
  let length = 0
  const comma = (): void => void (bytes[length++] = 0x2c)
  const digits = (): void => {
    writeDecimal(bytes, length, number)
    length += number.width
  }
  for (let at = start.length - 1; at >= 0; at--) {
    const begins = start[at] ?? 0
    const ends = begins + (duration[at] ?? 0)
    const net = value[at] ?? Number.NaN
    if (net !== net || (from !== null && begins < from) || (until !== null && ends > until)) continue
    measureDecimal(number, net, exponent)
    length += head.copy(bytes, length)
    time.write(bytes, length, begins, Number.NaN)
    length += TIME_BYTES
    comma()
    time.write(bytes, length, ends, Number.NaN)
    length += TIME_BYTES
    comma()
    if (cells.isEnergy) digits()
    comma()
    if (cells.isEnergy) digits()
    length += tail.copy(bytes, length)
    if (cells.unit !== null) {
      comma()
      digits()
    }
    length += unit.copy(bytes, length)
  }
  return bytes.subarray(0, length)
}

/** The same from texts, for units and numbers that columns cannot tell. */
function textRows(line: Line, { before, isEnergy, behind, unit }: Cells, { from, until, zone }: CsvContext): string {
  const rows: string[] = []
  const local = localTimes(zone)
  visitReadings(line, (start, end, net) => {
    if (net === null || (from !== null && start < from) || (until !== null && end > until)) return
    const kwh = isEnergy ? net : ''
    const more = unit === null ? '' : `,${net},${unit}`
    rows.push(`${before}${local(start)},${local(end)},${kwh},${kwh}${behind}${more}\r\n`)
  })
  return rows.join('')
}
