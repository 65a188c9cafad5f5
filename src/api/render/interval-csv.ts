import type { MonthBlock } from '../../storage/list-interval-blocks.ts'
import type { ListedInterval } from '../../storage/list-interval-page.ts'
import { csvText } from './csv-cell.ts'
import { type IntervalContext, toChannel } from './interval.ts'
import { netColumns } from './net-columns.ts'
import { chooseLines, type Line, visitReadings } from './net-readings.ts'
import { renderSources } from './sources.ts'
import { localTimes, platformTime } from './times.ts'
import { apiUnit } from './units.ts'
import { type RowShape, writeRows } from './write-rows.ts'

const COLUMNS =
  'meter_uid,utility,utility_service_id,utility_service_address,utility_meter_number,utility_tariff_name,interval_start,' +
  'interval_end,interval_kWh,net_kWh,source,updated,interval_timezone'

/** withUnits: `include=units`, two more columns, for meters that count in something else than kWh. */
export type CsvContext = IntervalContext & { withUnits: boolean }

/** The first line. Columns: utilityapi.md section 11, intervals_csv, in its order. */
export function csvHead(withUnits: boolean): string {
  return `${COLUMNS}${withUnits ? ',interval_volume,interval_unit' : ''}\r\n`
}

/**
 * The readings of one meter and month as lines of CSV, newest first, in pieces as they are asked for. Times are local with their offset, so that both 01:xx
 * hours of an autumn night differ. The two kWh columns are the net, and are empty for a meter that counts in another unit.
 */
export function* renderIntervalCsv(
  row: ListedInterval,
  blocks: readonly MonthBlock[],
  context: CsvContext,
): Generator<Uint8Array, void, undefined> {
  for (const line of chooseLines(blocks.map((block) => toChannel(block, context)))) {
    const cells = cellsAround(row, blocks, line, context)
    const columns = netColumns(line)
    if (columns) yield* writeRows(columns, rowShape(cells), context)
    else yield Buffer.from(textRows(line, cells, context))
  }
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

function rowShape({ before, isEnergy, behind, unit }: Cells): RowShape {
  const numbers = isEnergy ? [',', ',', behind] : [`,,${behind}`]
  const last = numbers.pop() ?? ''
  return {
    before,
    between: ',',
    behind: [...numbers, ...(unit === null ? [`${last}\r\n`] : [`${last},`, `,${unit}\r\n`])],
  }
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
