import { constants, zstdCompressSync } from 'node:zlib'

import { ByteWriter, type ParquetWriter } from 'hyparquet-writer'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'

import { deltaPack } from './delta-pack.ts'
import type { ColumnSpec } from './table.ts'

export type Chunk = ParquetWriter['row_groups'][number]['columns'][number]

/** A column of a group: its bytes, and its chunk as it is when they stand at the place `from` of the file. */
export type Encoded = { bytes: Uint8Array; from: number; chunk: Chunk }

/** Faster than the library's Snappy at the lowest level, and smaller. */
export const compress = (bytes: Uint8Array): Uint8Array =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })

/**
 * Numbers of a column that has one in every row, as one page: moments (seconds in, milliseconds out) by their steps, doubles as they
 * are in memory. The library looks at each value several times and takes moments as BigInt: a meter-year took 10 ms, and takes 4.
 */
export function encodeNumbers({ name, type, isNullable }: ColumnSpec, values: Float64Array): Encoded {
  if (isNullable || (type !== 'moment' && type !== 'double')) throw new TypeError(`${name} takes no plain numbers`)
  const moments = type === 'moment' ? values.map((second) => second * 1000) : null
  const plain = moments ? deltaPack(moments) : new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  const page = moments ? plain : compress(plain)
  const encoding = moments ? 'DELTA_BINARY_PACKED' : 'PLAIN'
  const writer = new ByteWriter(page.length + HEADER_BYTES)
  writePageHeader(writer, {
    type: 'DATA_PAGE_V2',
    uncompressed_page_size: plain.length,
    compressed_page_size: page.length,
    data_page_header_v2: {
      ...{
        num_values: values.length,
        num_nulls: 0,
        num_rows: values.length,
        encoding,
        is_compressed: moments === null,
      },
      ...{ definition_levels_byte_length: 0, repetition_levels_byte_length: 0 },
    },
  })
  const head = writer.offset
  writer.appendBytes(page)
  const meta: Chunk['meta_data'] = {
    ...{ type: moments ? 'INT64' : 'DOUBLE', encodings: [encoding], path_in_schema: [name], data_page_offset: 0n },
    ...{ codec: moments ? 'UNCOMPRESSED' : 'ZSTD', num_values: BigInt(values.length) },
    ...{ total_compressed_size: BigInt(writer.offset), total_uncompressed_size: BigInt(head + plain.length) },
  }
  // Readers skip row groups by their times.
  const statistics = moments && { ...reach(moments), null_count: 0n }
  const chunk = { file_offset: 0n, meta_data: statistics ? { ...meta, statistics } : meta }
  return { bytes: writer.getBytes(), from: 0, chunk }
}

const HEADER_BYTES = 64

function reach(moments: Float64Array): { min_value: bigint; max_value: bigint } {
  let [least, most] = [Infinity, -Infinity]
  for (let at = 0; at < moments.length; at++) {
    const moment = moments[at] ?? 0
    if (moment < least) least = moment
    if (moment > most) most = moment
  }
  return { min_value: BigInt(least), max_value: BigInt(most) }
}
