import { zstdDecompressSync } from 'node:zlib'

import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { expect, test } from 'vitest'

import { renderCsvTable } from './csv-table.ts'
import { renderParquetTable } from './parquet-table.ts'
import { type Batch, column, isList } from './table.ts'

const compressors = { ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes) }

const COLUMNS = [
  column('name', 'text?'),
  column('value', 'double?'),
  column('count', 'int32'),
  column('start', 'moment'),
  column('end', 'moment?'),
]

async function* from(batches: Batch[]): AsyncGenerator<Batch> {
  for (const batch of batches) yield await Promise.resolve(batch)
}

async function parquetOf(batches: Batch[]): Promise<{ pieces: number; file: ArrayBuffer }> {
  const pieces: Uint8Array[] = []
  for await (const piece of renderParquetTable(COLUMNS, from(batches))) pieces.push(piece)
  const file = new Uint8Array(Buffer.concat(pieces)).buffer
  return { pieces: pieces.length, file }
}

const BATCH: Batch = {
  rows: 3,
  columns: [
    ['=1+1', null, 'a "quoted", ü 😀'],
    [0.1, -1234.000001, null],
    [-3, 0, 2_147_483_647],
    [0, 1_793_523_600, 4_102_444_799],
    [null, 1_793_527_200, null],
  ],
}

test('what is written as Parquet is read back as it was, with moments in UTC', async () => {
  const { file } = await parquetOf([BATCH])
  expect(await parquetReadObjects({ file, compressors })).toEqual([
    { name: '=1+1', value: 0.1, count: -3, start: new Date(0), end: null },
    {
      name: null,
      value: -1234.000001,
      count: 0,
      start: new Date('2026-11-01T09:00:00Z'),
      end: new Date('2026-11-01T10:00:00Z'),
    },
    { name: 'a "quoted", ü 😀', value: null, count: 2_147_483_647, start: new Date('2099-12-31T23:59:59Z'), end: null },
  ])
})

test('a large table comes in row groups of one size, a piece each, whatever the size of its batches', async () => {
  const long = (rows: number, name: string | null): Batch => ({
    rows,
    columns: [
      name === null ? Array.from({ length: rows }, (_, at) => `row ${at % 7}`) : { same: name },
      Array.from({ length: rows }, (_, at) => at / 1000),
      { same: 7 },
      Array.from({ length: rows }, (_, at) => at * 900),
      { same: null },
    ],
  })
  const batches = [long(1_000, 'a'), long(14_000, 'a'), long(10_000, 'b'), long(9_000, 'b'), long(5, null)]
  const { pieces, file } = await parquetOf(batches)
  const { row_groups: groups, num_rows: rows } = parquetMetadata(file)
  expect([Number(rows), pieces]).toEqual([34_005, 7])
  expect(groups.map(({ num_rows }) => Number(num_rows))).toEqual([6_000, 6_000, 6_000, 6_000, 6_000, 4_005])
  const told = batches.flatMap((batch) =>
    Array.from({ length: batch.rows }, (_, at) => {
      const [name, value, count, start, end] = batch.columns.map((values) =>
        isList(values) ? values[at] : values.same,
      )
      return { name, value, count, start: new Date(Number(start) * 1000), end }
    }),
  )
  expect(await parquetReadObjects({ file, compressors })).toEqual(told)
})

test('what is the same in all rows of a table is read back, too', async () => {
  const columns = ['x', 0.5, 3, 1_793_523_600, null].map((same) => ({ same }))
  const { file } = await parquetOf([{ rows: 2, columns }])
  const row = { name: 'x', value: 0.5, count: 3, start: new Date('2026-11-01T09:00:00Z'), end: null }
  expect(await parquetReadObjects({ file, compressors })).toEqual([row, row])
})

test('a table without rows is a file too', async () => {
  const { file } = await parquetOf([])
  expect(await parquetReadObjects({ file, compressors })).toEqual([])
  expect(parquetMetadata(file).schema.map(({ name }) => name)).toEqual([
    'rows',
    'name',
    'value',
    'count',
    'start',
    'end',
  ])
})

test('the same table as CSV: text is guarded, numbers stay numbers, nothing is empty', async () => {
  let text = ''
  for await (const piece of renderCsvTable(COLUMNS, from([BATCH]))) text += piece
  expect(text.split('\r\n')).toEqual([
    'name,value,count,start,end',
    "'=1+1,0.1,-3,1970-01-01T00:00:00Z,",
    ',-1234.000001,0,2026-11-01T09:00:00Z,2026-11-01T10:00:00Z',
    '"a ""quoted"", ü 😀",,2147483647,2099-12-31T23:59:59Z,',
    '',
  ])
})
