import { Readable } from 'node:stream'

import { z } from 'zod'

import { type AskedMeter, askForData, dataQuery } from './data-query.ts'
import type { Call, Endpoint } from './endpoint.ts'
import { parseParameters } from './parameters.ts'
import { readAllBills, type ReadBill } from './read-all-bills.ts'
import { readAllMonths } from './read-all-months.ts'
import { BILL_COLUMNS, LINE_COLUMNS, renderBillBatch, renderLineBatch } from './render/bulk-bills.ts'
import { INTERVAL_COLUMNS, renderIntervalBatch } from './render/bulk-intervals.ts'
import { renderCsvTable } from './render/csv-table.ts'
import { renderParquetTable } from './render/parquet-table.ts'
import type { Batch, ColumnSpec } from './render/table.ts'

const { authorizations, meters, start, end, updated_after } = dataQuery.shape
const query = z.object({
  ...{ authorizations, meters, start, end, updated_after },
  format: z.enum(['parquet', 'csv'], 'must be parquet or csv').default('parquet'),
})

type Asked = Awaited<ReturnType<typeof askForData>>
type Table = { name: string; columns: readonly ColumnSpec[]; read(call: Call, asked: Asked): AsyncGenerator<Batch> }

const FORMATS = {
  parquet: { mediaType: 'application/vnd.apache.parquet', render: renderParquetTable },
  csv: { mediaType: 'text/csv; charset=utf-8', render: renderCsvTable },
}

/** Oldest first, so that a file of a later day begins with what this one has. */
const filterOf = ({ filter }: Asked) =>
  ({ ...filter, after: null, updatedAfter: filter.updated_after, order: 'earliest_first' }) as const

async function* readIntervals(call: Call, asked: Asked): AsyncGenerator<Batch> {
  for await (const { blocks, meter } of readAllMonths(call, filterOf(asked), asked.meters))
    for (const block of blocks) yield renderIntervalBatch(block, meter, meter.span)
}

async function* readBills(call: Call, asked: Asked): AsyncGenerator<Batch> {
  for await (const bills of readAllBills(call, filterOf(asked), asked.meters))
    yield renderBillBatch(bills.map(toBilled))
}

async function* readLines(call: Call, asked: Asked): AsyncGenerator<Batch> {
  for await (const bills of readAllBills(call, filterOf(asked), asked.meters))
    yield renderLineBatch(bills.map(toBilled))
}

function toBilled({ row, meter }: ReadBill) {
  return { row, whose: { ...meter, ...factsOf(meter) } }
}

function factsOf({ facts: { serviceIdentifier, serviceTariff } }: AskedMeter) {
  return { serviceIdentifier, serviceTariff }
}

const TABLES: Record<'intervals' | 'bills' | 'line-items', Table> = {
  intervals: { name: 'Readings of all channels', columns: INTERVAL_COLUMNS, read: readIntervals },
  bills: { name: 'Bills', columns: BILL_COLUMNS, read: readBills },
  'line-items': { name: 'Line items of bills', columns: LINE_COLUMNS, read: readLines },
}

/** Whole tables of many meters, written as they are read: docs/exports.md has their columns. */
export const exportEndpoints: readonly Endpoint[] = Object.entries(TABLES).map(([path, table]): Endpoint => {
  return {
    method: 'GET',
    path: `/exports/${path}`,
    summary: `${table.name} of many meters, as one Parquet or CSV file`,
    scope: 'read',
    query,
    answer: { mediaType: FORMATS.parquet.mediaType, orElse: 'text/csv' },
    async run(call) {
      const { format } = parseParameters(query, call.query)
      const asked = await askForData(call)
      const { mediaType, render } = FORMATS[format]
      call.header('content-type', mediaType)
      call.header('content-disposition', `attachment; filename="${path}.${format}"`)
      const pieces: AsyncIterable<string | Uint8Array> = render(table.columns, table.read(call, asked))
      return Readable.from(pieces, { objectMode: false, highWaterMark: 1 })
    },
  }
})
