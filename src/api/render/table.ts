/**
 * A column of an export. `moment`: epoch seconds in, a timestamp in UTC out. Numbers are never text, text is never a number.
 */
export type ColumnSpec = { name: string; type: 'text' | 'double' | 'int32' | 'moment'; isNullable: boolean }

/** What stands in one column, a value for each row. */
export type ColumnValues = readonly (string | number | null)[]

/** Some rows of a table: a list of values for each of its columns, in their order and of one length. */
export type Batch = readonly ColumnValues[]

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
