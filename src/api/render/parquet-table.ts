import { ByteWriter, ParquetWriter } from 'hyparquet-writer'

import type { Batch, ColumnSpec, ColumnValues } from './table.ts'

/**
 * Rows of a row group: as many as fill it, and at most twice as many, however large a batch is. Beyond 16,000 rows each list of values
 * is a large object to V8, of which every copy costs a system call: measured four times slower.
 */
const GROUP_ROWS = 6_000

/**
 * A table as one Parquet file (Snappy), a row group at a time as the batches come; what stays in memory is one group and, for
 * each group, some kilobytes of the index that ends the file.
 */
export async function* renderParquetTable(
  columns: readonly ColumnSpec[],
  batches: AsyncIterable<Batch>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = new ByteWriter(1 << 20)
  const writer = new ParquetWriter({ writer: bytes, schema: schemaOf(columns), createdBy: 'green-button-proxy' })
  let held: Batch[] = []
  let rows = 0
  const write = async (): Promise<void> => {
    const columnData = columns.map((column, place) => toData(column, held, place))
    await writer.write({ columnData, rowGroupSize: 2 * GROUP_ROWS })
    held = []
    rows = 0
  }
  for await (const batch of batches) {
    held.push(batch)
    rows += batch[0]?.length ?? 0
    if (rows < GROUP_ROWS) continue
    await write()
    yield take(bytes)
  }
  if (rows > 0) await write()
  await writer.finish()
  yield take(bytes)
}

/** The bytes so far; the room is used again, while places in the file count on. */
function take(bytes: ByteWriter): Uint8Array {
  const taken = Buffer.from(bytes.getBytes())
  bytes.index = 0
  return taken
}

type Schema = ConstructorParameters<typeof ParquetWriter>[0]['schema']
type Data = Parameters<ParquetWriter['write']>[0]['columnData'][number]

const PHYSICAL: Record<ColumnSpec['type'], Omit<Schema[number], 'name'>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  double: { type: 'DOUBLE' },
  int32: { type: 'INT32' },
  moment: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
}

function schemaOf(columns: readonly ColumnSpec[]): Schema {
  const fields = columns.map(({ name, type, isNullable }) => ({
    name,
    ...PHYSICAL[type],
    repetition_type: isNullable ? ('OPTIONAL' as const) : ('REQUIRED' as const),
  }))
  return [{ name: 'rows', num_children: columns.length }, ...fields]
}

function toData({ name, type }: ColumnSpec, held: readonly Batch[], place: number): Data {
  // concat copies arrays whole, where flatMap goes through them.
  const values = NONE.concat(...held.map((batch) => batch[place] ?? []))
  const data = type === 'moment' ? toMillis(values) : values
  // Readers skip row groups by these two; statistics of the others cost more than they save.
  const statistics = place === 0 || type === 'moment'
  return {
    name,
    data,
    offsetIndex: false,
    statistics,
    ...(type === 'moment' ? { encoding: 'DELTA_BINARY_PACKED' } : {}),
  }
}

const NONE: ColumnValues = []

function toMillis(values: ColumnValues): (bigint | null)[] {
  return values.map((value) => (value === null ? null : BigInt(value) * 1000n))
}
