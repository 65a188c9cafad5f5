import { ByteWriter, ParquetWriter } from 'hyparquet-writer'

import { type Chunk, compress, type Encoded, encodeNumbers } from './parquet-numbers.ts'
import { groupRows, listOfSame } from './row-groups.ts'
import { type Batch, type Cell, type ColumnSpec, type ColumnValues, isList } from './table.ts'

/**
 * Rows of a row group. Beyond 16,000 rows each list of values is a large object to V8, of which every copy costs a system call:
 * measured four times slower.
 */
const GROUP_ROWS = 6_000

/** For all files: most say the same of their meters, in groups of the same size. More than these are encoded anew. */
const sames = new Map<string, Encoded>()
const SAMES_LIMIT = 256

/**
 * A table as one Parquet file (Snappy; numbers with a point Zstandard), a row group at a time as the batches come; what stays in
 * memory is one group and, for each group, some kilobytes of the index that ends the file. The library looks at each value that it is
 * given; a column that says the same in all rows of a group is given to it once, and its bytes are written again for the next group;
 * one of numbers alone is not (parquet-numbers.ts).
 */
export async function* renderParquetTable(
  columns: readonly ColumnSpec[],
  batches: AsyncIterable<Batch>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = new ByteWriter(1 << 17)
  const writer = openWriter(bytes, columns)
  for await (const group of groupRows(batches, GROUP_ROWS)) {
    await writeGroup(writer, columns, group)
    yield take(bytes)
  }
  await writer.finish()
  yield take(bytes)
}

function openWriter(writer: ByteWriter, columns: readonly ColumnSpec[]): ParquetWriter {
  return new ParquetWriter({
    ...{ writer, schema: schemaOf(columns), createdBy: 'green-button-proxy' },
    compressors: { ZSTD: compress },
  })
}

/** The bytes so far; the room is used again, while places in the file count on. */
function take(bytes: ByteWriter): Uint8Array {
  const taken = Buffer.from(bytes.getBytes())
  bytes.index = 0
  return taken
}

async function writeGroup(
  writer: ParquetWriter,
  columns: readonly ColumnSpec[],
  { rows, columns: values }: Batch,
): Promise<void> {
  const chunks: Chunk[] = []
  for (const [place, column] of columns.entries()) {
    const encoded = await encode({ column, place, rows, values: values[place] ?? { same: null } })
    chunks.push(append(writer.writer, encoded))
  }
  const sizeOf = (name: 'total_uncompressed_size' | 'total_compressed_size'): bigint =>
    chunks.reduce((sum, { meta_data: meta }) => sum + (meta?.[name] ?? 0n), 0n)
  writer.row_groups.push({
    ...{ columns: chunks, num_rows: BigInt(rows) },
    ...{ total_byte_size: sizeOf('total_uncompressed_size'), total_compressed_size: sizeOf('total_compressed_size') },
  })
  writer.num_rows += BigInt(rows)
}

type GroupColumn = { column: ColumnSpec; place: number; rows: number; values: ColumnValues }

async function encode({ column, place, rows, values }: GroupColumn): Promise<Encoded> {
  if (values instanceof Float64Array) return encodeNumbers(column, values)
  if (isList(values)) return await encodeCells(column, place, values)
  const key = JSON.stringify([column, place, rows, values.same])
  const known = sames.get(key)
  if (known) return known
  const made = await encodeCells(column, place, listOfSame(values.same, rows))
  if (sames.size === SAMES_LIMIT) sames.clear()
  sames.set(key, made)
  return made
}

/** By the library, in a file of this column alone. */
async function encodeCells(column: ColumnSpec, place: number, values: readonly Cell[]): Promise<Encoded> {
  const bytes = new ByteWriter()
  const writer = openWriter(bytes, [column])
  const from = bytes.offset
  await writer.write({ columnData: [toData(column, values, place)], rowGroupSize: values.length, pageSize: ONE_PAGE })
  return { bytes: bytes.getBytes().subarray(from), from, chunk: writer.row_groups[0]?.columns[0] ?? missing() }
}

/** A group is too small for more, and the library measures each value to tell. */
const ONE_PAGE = 0

function missing(): never {
  throw new Error('a column was not written')
}

/** Writes bytes at the end and returns their chunk as it is there. */
function append(writer: ParquetWriter['writer'], { bytes, from, chunk }: Encoded): Chunk {
  const moved = writer.offset - from
  writer.appendBytes(bytes)
  const { meta_data: meta } = chunk
  if (!meta) return missing()
  const { data_page_offset: data, dictionary_page_offset: dictionary } = meta
  return {
    ...chunk,
    file_offset: chunk.file_offset + BigInt(moved),
    meta_data: {
      ...meta,
      data_page_offset: data + BigInt(moved),
      ...(dictionary === undefined ? {} : { dictionary_page_offset: dictionary + BigInt(moved) }),
    },
  }
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

function toData({ name, type }: ColumnSpec, values: readonly Cell[], place: number): Data {
  const data = type === 'moment' ? toMillis(values) : [...values]
  // Readers skip row groups by these two; statistics of the others cost more than they save.
  const statistics = place === 0 || type === 'moment'
  return {
    name,
    data,
    offsetIndex: false,
    statistics,
    ...ENCODINGS[type],
  }
}

/** Looking for numbers that return takes as long as writing them, and Zstandard finds them, too. */
const ENCODINGS: Record<ColumnSpec['type'], Partial<Data>> = {
  text: {},
  double: { encoding: 'PLAIN', codec: 'ZSTD' },
  int32: {},
  moment: { encoding: 'DELTA_BINARY_PACKED' },
}

function toMillis(values: readonly Cell[]): (bigint | null)[] {
  return values.map((value) => (value === null ? null : BigInt(Number(value) * 1000)))
}
