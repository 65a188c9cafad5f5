/**
 * A column of an export. `moment`: epoch seconds in, a timestamp in UTC out. Numbers are never text, text is never a number.
 */
export type ColumnSpec = { name: string; type: 'text' | 'double' | 'int32' | 'moment'; isNullable: boolean }

/** One value of one row. */
export type Cell = string | number | null

/** What stands in one column: a value for each row, a number for each row, or the one value that all rows have. */
export type ColumnValues = readonly Cell[] | Float64Array | { same: Cell }

/** Some rows of a table: the values of each of its columns, in their order. */
export type Batch = { rows: number; columns: readonly ColumnValues[] }

/** Whether a column has a value for each row. */
export function isList(values: ColumnValues): values is readonly Cell[] | Float64Array {
  return Array.isArray(values) || values instanceof Float64Array
}

/** Declares a column; a `?` behind the type says that it may be empty. */
export function column(name: string, type: ColumnSpec['type'] | `${ColumnSpec['type']}?`): ColumnSpec {
  const isNullable = type.endsWith('?')
  return { name, type: TYPES[type], isNullable }
}

const TYPES: Record<ColumnSpec['type'] | `${ColumnSpec['type']}?`, ColumnSpec['type']> = {
  text: 'text',
  'text?': 'text',
  double: 'double',
  'double?': 'double',
  int32: 'int32',
  'int32?': 'int32',
  moment: 'moment',
  'moment?': 'moment',
}
