import { constants, zstdCompressSync } from 'node:zlib'

import { ByteWriter, ParquetWriter } from 'hyparquet-writer'

import { groupRows, listOfSame } from './row-groups.ts'
import { type Batch, type Cell, type ColumnSpec, isList } from './table.ts'

/**
 * Rows of a row group. Beyond 16,000 rows each list of values is a large object to V8, of which every copy costs a system call:
 * measured four times slower.
 */
const GROUP_ROWS = 6_000

/** One value in all rows of a group, encoded once, with its chunk as it was written at the place `from`. */
type Same = { bytes: Uint8Array; from: number; chunk: Chunk }
type Chunk = ParquetWriter['row_groups'][number]['columns'][number]

/** For all files: most say the same of their meters, in groups of the same size. More than these are encoded anew. */
const sames = new Map<string, Same>()
const SAMES_LIMIT = 256

/**
 * A table as one Parquet file (Snappy; numbers with a point Zstandard), a row group at a time as the batches come; what stays in
 * memory is one group and, for each group, some kilobytes of the index that ends the file. The library looks at each value of
 * each column; a column that says the same in all rows of a group is given to it once, and its bytes are written again for the
 * next group.
 */
export async function* renderParquetTable(
  columns: readonly ColumnSpec[],
  batches: AsyncIterable<Batch>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = new ByteWriter(1 << 20)
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
    compressors: { ZSTD: (bytes) => zstdCompressSync(bytes, { params: ZSTD_PARAMS }) },
  })
}

/** Faster than the library's Snappy at the lowest level, and smaller. */
const ZSTD_PARAMS = { [constants.ZSTD_c_compressionLevel]: 1 }

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
  const columnData: Data[] = []
  const chunks: (Chunk | null)[] = []
  for (const [place, column] of columns.entries()) {
    const given = values[place] ?? { same: null }
    // The library counts the rows of what it is given, so it is given the last column if it has none yet.
    const isLeft = isList(given) || (place === columns.length - 1 && columnData.length === 0)
    if (isLeft) columnData.push(toData(column, isList(given) ? given : listOfSame(given.same, rows), place))
    chunks.push(isLeft ? null : append(writer.writer, await sameOf({ column, place, rows, same: given.same })))
  }
  await writer.write({ columnData, rowGroupSize: rows, pageSize: ONE_PAGE })
  const group = writer.row_groups.at(-1)
  if (!group) throw new Error('no row group was written')
  const written = group.columns.values()
  group.columns = chunks.map((chunk) => chunk ?? written.next().value ?? missing())
  for (const chunk of chunks) {
    group.total_byte_size += chunk?.meta_data?.total_uncompressed_size ?? 0n
    group.total_compressed_size = (group.total_compressed_size ?? 0n) + (chunk?.meta_data?.total_compressed_size ?? 0n)
  }
}

/** A group is too small for more, and the library measures each value to tell. */
const ONE_PAGE = 0

function missing(): never {
  throw new Error('a column was not written')
}

type SameColumn = { column: ColumnSpec; place: number; rows: number; same: Cell }

async function sameOf({ column, place, rows, same }: SameColumn): Promise<Same> {
  const key = JSON.stringify([column, place, rows, same])
  const known = sames.get(key)
  if (known) return known
  const bytes = new ByteWriter()
  const writer = openWriter(bytes, [column])
  const from = bytes.offset
  await writer.write({
    columnData: [toData(column, listOfSame(same, rows), place)],
    rowGroupSize: rows,
    pageSize: ONE_PAGE,
  })
  const made = { bytes: bytes.getBytes().subarray(from), from, chunk: writer.row_groups[0]?.columns[0] ?? missing() }
  if (sames.size === SAMES_LIMIT) sames.clear()
  sames.set(key, made)
  return made
}

/** Writes bytes at the end and returns their chunk as it is there. */
function append(writer: ParquetWriter['writer'], { bytes, from, chunk }: Same): Chunk {
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
