import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { parquetReadObjects } from 'hyparquet'
import { expect, test } from 'vitest'

import { encodeNumbers } from './parquet-numbers.ts'
import { column } from './table.ts'

/** What a reader finds of some moments, in seconds. */
async function readBack(moments: readonly number[]): Promise<unknown[]> {
  const bytes = new ByteWriter()
  const writer = new ParquetWriter({ writer: bytes, schema: SCHEMA })
  const from = bytes.offset
  const { bytes: page, chunk } = encodeNumbers(column('start', 'moment'), Float64Array.from(moments))
  if (!chunk.meta_data) throw new Error('a chunk tells of itself')
  bytes.appendBytes(page)
  chunk.meta_data.data_page_offset += BigInt(from)
  const rows = BigInt(moments.length)
  writer.row_groups.push({ columns: [chunk], total_byte_size: BigInt(page.length), num_rows: rows })
  writer.num_rows = rows
  await writer.finish()
  const found = await parquetReadObjects({ file: new Uint8Array(bytes.getBytes()).buffer })
  return found.map(({ start }) => Number(start) / 1000)
}

const SCHEMA: ConstructorParameters<typeof ParquetWriter>[0]['schema'] = [
  { name: 'rows', num_children: 1 },
  {
    ...{ name: 'start', type: 'INT64', repetition_type: 'REQUIRED', converted_type: 'TIMESTAMP_MILLIS' },
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
]

const steps = (count: number, step: (at: number) => number): number[] => {
  let moment = 1_700_000_000
  return Array.from({ length: count }, (_, at) => (moment += step(at)))
}

test.each([
  ['one', [1_793_523_600]],
  ['steps of one length', steps(1000, () => 900)],
  ['a block and a part that are full, and one more', steps(129 + 32 + 1, (at) => 900 + (at % 2))],
  ['steps of many lengths, forth and back', steps(700, (at) => ((at * 7919) % 3001) - 1500)],
  ['a gap of eighty years, and back before 1970', [0, 900, 2_524_608_000, 2_524_608_900, -900, 0]],
])('moments are read back: %s', async (_name, moments) => {
  expect(await readBack(moments)).toEqual(moments)
})

test('steps that no moments have are refused, not written wrong', () => {
  expect(() => encodeNumbers(column('start', 'moment'), Float64Array.of(0, 1, 4e10, 0))).toThrow(RangeError)
  expect(() => encodeNumbers(column('start', 'moment?'), Float64Array.of(0))).toThrow(TypeError)
})
