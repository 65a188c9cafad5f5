import { type Batch, type Cell, type ColumnValues, isList } from './table.ts'

/** Batches cut and put together to groups of so many rows each, the last one of what is left. */
export async function* groupRows(batches: AsyncIterable<Batch>, size: number): AsyncGenerator<Batch, void, undefined> {
  let held: Batch[] = []
  let missing = size
  for await (const batch of batches) {
    for (let from = 0; from < batch.rows;) {
      const to = Math.min(batch.rows, from + missing)
      held.push(cut(batch, from, to))
      missing -= to - from
      from = to
      if (missing > 0) continue
      yield join(held)
      held = []
      missing = size
    }
  }
  if (held.length > 0) yield join(held)
}

function cut(batch: Batch, from: number, to: number): Batch {
  if (from === 0 && to === batch.rows) return batch
  return { rows: to - from, columns: batch.columns.map((values) => (isList(values) ? values.slice(from, to) : values)) }
}

function join(parts: readonly Batch[]): Batch {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  return { rows, columns: (parts[0]?.columns ?? []).map((_, place) => joinColumn(parts, place)) }
}

function joinColumn(parts: readonly Batch[], place: number): ColumnValues {
  const first = parts[0]?.columns[place]
  if (first && !isList(first) && parts.every(({ columns }) => isSame(columns[place], first.same))) return first
  const numbers = parts.map(({ columns }) => columns[place]).filter((values) => values instanceof Float64Array)
  if (numbers.length === parts.length) return joinNumbers(numbers)
  // concat copies arrays whole, where flatMap goes through them.
  return NONE.concat(...parts.map((part) => listOf(part, place)))
}

function joinNumbers(parts: readonly Float64Array[]): Float64Array {
  const joined = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

const NONE: readonly Cell[] = []

function isSame(values: ColumnValues | undefined, same: Cell): boolean {
  return values !== undefined && !isList(values) && values.same === same
}

function listOf({ rows, columns }: Batch, place: number): readonly Cell[] {
  const values = columns[place] ?? { same: null }
  if (values instanceof Float64Array) return [...values]
  return isList(values) ? values : listOfSame(values.same, rows)
}

/** One value, so many times. */
export function listOfSame(same: Cell, rows: number): Cell[] {
  return Array<Cell>(rows).fill(same)
}
