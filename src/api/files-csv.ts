import { Readable } from 'node:stream'

import { z } from 'zod'

import { type ListedMeter, listMeterPage, type MeterFilter } from '../storage/list-meter-page.ts'
import { ApiError, requiredParam } from './api-error.ts'
import { askForData, dataQuery } from './data-query.ts'
import { type Call, type Endpoint, zoneOf } from './endpoint.ts'
import { parseParameters, uidList } from './parameters.ts'
import { readAllBills } from './read-all-bills.ts'
import { addExtraColumns, billCsvHead, lineCsvHead, renderBillCsv, renderLineCsv } from './render/bill-csv.ts'
import { meterCsvHead, renderMeterCsv } from './render/meter-csv.ts'

/** A file has no pages. */
const billQuery = dataQuery.omit({ after: true, limit: true, include: true })
const meterQuery = z.object({ accounts: uidList, meters: uidList })

type Asked = Awaited<ReturnType<typeof askForData>>

const read = (call: Call, { filter, meters }: Asked) =>
  readAllBills(call, { ...filter, after: null, updatedAfter: filter.updated_after }, meters)

/** Reads the bills twice, since the columns of the first line are those of all bills. */
async function* writeBills(call: Call, asked: Asked): AsyncGenerator<string> {
  const extras = new Set<string>()
  for await (const bills of read(call, asked)) for (const bill of bills) addExtraColumns(extras, bill)
  yield billCsvHead(extras)
  for await (const bills of read(call, asked))
    if (bills.length > 0) yield bills.map((bill) => renderBillCsv(bill, extras, call.deps.publicUrl)).join('')
}

async function* writeLines(call: Call, asked: Asked): AsyncGenerator<string> {
  yield lineCsvHead()
  for await (const bills of read(call, asked)) {
    const text = bills.map((bill) => renderLineCsv(bill, call.deps.publicUrl)).join('')
    if (text !== '') yield text
  }
}

/** Archived meters too: who names an authorization or a meter gets it. */
const UNFILTERED: Omit<MeterFilter, 'uids' | 'authorizations' | 'after'> = {
  users: null,
  utilities: null,
  isActivated: null,
  isArchived: null,
  isMonitored: null,
  updatedAfter: null,
  limit: 1000,
}

async function* readMeters(call: Call): AsyncGenerator<ListedMeter[]> {
  const { accounts, meters } = parseParameters(meterQuery, call.query)
  if (accounts === null && meters === null) throw requiredParam('accounts')
  const filter = { ...UNFILTERED, uids: meters, authorizations: accounts }
  for (let after: string | null = null; ;) {
    const page = await call.deps.db.readCompany(call.companyUid, (tx) => listMeterPage(tx, { ...filter, after }))
    if (page.rows.length > 0) yield page.rows
    after = page.rows.at(-1)?.meterUid ?? null
    if (!page.hasMore || after === null) return
  }
}

async function* writeMeters(call: Call, first: ListedMeter[], rest: AsyncGenerator<ListedMeter[]>) {
  const render = (rows: ListedMeter[]): string =>
    rows.map((row) => renderMeterCsv(row, zoneOf(call.deps, row.utility))).join('')
  yield meterCsvHead() + render(first)
  for await (const rows of rest) yield render(rows)
}

/** Answers with a file of this name, written as it is read. */
export function csvFile(call: Call, name: string, pieces: AsyncIterable<string>): Readable {
  call.header('content-type', 'text/csv; charset=utf-8')
  call.header('content-disposition', `attachment; filename="${name}.csv"`)
  return Readable.from(pieces, { objectMode: false, highWaterMark: 1 })
}

/** The CSV files of utilityapi.md section 11, beside the one of readings. */
export const csvFileEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/files/meters_bills_csv',
    summary: 'Bills of meters as one CSV file',
    scope: 'read',
    query: billQuery,
    answer: { mediaType: 'text/csv' },
    run: async (call) => csvFile(call, 'bills', writeBills(call, await askForData(call))),
  },
  {
    method: 'GET',
    path: '/files/meters_lineitems_csv',
    summary: 'Line items of the bills of meters as one CSV file',
    scope: 'read',
    query: billQuery,
    answer: { mediaType: 'text/csv' },
    run: async (call) => csvFile(call, 'line_items', writeLines(call, await askForData(call))),
  },
  {
    method: 'GET',
    path: '/files/meters_csv',
    summary: 'Meters of authorizations (here called accounts) as one CSV file',
    scope: 'read',
    query: meterQuery,
    answer: { mediaType: 'text/csv' },
    async run(call) {
      const meters = readMeters(call)
      const first = await meters.next()
      if (first.done) throw new ApiError('not_found', 'No meters found matching the given filter parameters.')
      return csvFile(call, 'meters', writeMeters(call, first.value, meters))
    },
  },
]
