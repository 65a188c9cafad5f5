import { csvText } from './csv-cell.ts'
import { type Batch, type Cell, type ColumnSpec, type ColumnValues, isList } from './table.ts'

/**
 * A table as CSV (RFC 4180, UTF-8), in pieces as the batches come: text is guarded against spreadsheets that run it, numbers are
 * digits, moments are UTC as `2026-07-01T07:00:00Z`, nothing is an empty cell.
 */
export async function* renderCsvTable(
  columns: readonly ColumnSpec[],
  batches: AsyncIterable<Batch>,
): AsyncGenerator<string, void, undefined> {
  yield csvLine(columns.map(({ name }) => name))
  const cells = columns.map(cellWriter)
  for await (const batch of batches) {
    let text = ''
    for (let at = 0; at < batch.rows; at++) {
      text += csvLine(cells.map((cell, place) => cell(valueAt(batch.columns[place], at))))
    }
    if (text !== '') yield text
  }
}

function valueAt(values: ColumnValues | undefined, at: number): Cell {
  if (values === undefined) return null
  return isList(values) ? (values[at] ?? null) : values.same
}

/** Cells that are ready as a line. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.join(',')}\r\n`
}

/** Keeps the last text, since most columns of readings repeat themselves. */
function cellWriter({ type }: ColumnSpec): (value: string | number | null) => string {
  let [last, text]: [string | number | null, string] = [null, '']
  return (value) => {
    if (value === last) return text
    last = value
    if (value === null) text = ''
    else if (typeof value === 'string') text = csvText(value)
    else text = type === 'moment' ? `${new Date(value * 1000).toISOString().slice(0, 19)}Z` : String(value)
    return text
  }
}
