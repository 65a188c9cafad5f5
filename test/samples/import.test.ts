import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { ensureDemoCompany } from '../../src/accounts/demo-company.ts'
import { importFeeds, recognizeUtility } from '../../src/collection/import-feeds.ts'
import { replayAuthorization } from '../../src/collection/replay-authorization.ts'
import { FeedRejected } from '../../src/espi/errors.ts'
import { countProducts, type ProductCounts } from '../../src/storage/count-products.ts'
import { openEnvelope } from '../../src/storage/secrets.ts'
import { findTemplate, type TemplateRow } from '../../src/storage/templates.ts'
import { utilities } from '../../src/utilities/index.ts'
import { testDatabase, type TestDatabase } from '../database.ts'

const folder = path.resolve(import.meta.dirname, '../../../shared/samples')
const now = (): Date => new Date('2026-11-25T12:00:00Z')
const envelope = openEnvelope(Buffer.from('a test key of thirty-two bytes!!'))

let database: TestDatabase
let template: TemplateRow
beforeAll(async () => {
  database = await testDatabase()
  const { templateUid } = await ensureDemoCompany({ db: database.db, now })
  const found = await database.db.operator((tx) => findTemplate(tx, templateUid))
  if (!found) throw new Error('no template')
  template = found
})
afterAll(async () => await database.close())

async function importSamples(names: string[]): Promise<{ utility: string; uid: string; counts: ProductCounts }> {
  const files = await Promise.all(
    names.map(async (name) => ({ name: path.basename(name), bytes: await readFile(path.join(folder, name)) })),
  )
  const utility = recognizeUtility(utilities, files[0]?.bytes ?? new Uint8Array())
  if (!utility) throw new Error('no utility is recognized')
  const deps = { db: database.db, envelope, now }
  const { authorizationUid } = await importFeeds(deps, { template, utility, files })
  if (authorizationUid === null) throw new Error('nothing to import')
  const counts = await database.db.operator((tx) => countProducts(tx, authorizationUid))
  return { utility: utility.id, uid: authorizationUid, counts }
}

// Figures counted with another tool from the files themselves (readings: distinct starts of each series).
const CASES: [what: string, utility: string, files: string[], counts: Partial<ProductCounts>][] = [
  ['a year of hours, downloaded', 'PG&E', ['pge-download-my-data/pge_1hr_1year.xml'], { meters: 1, readings: 9502 }],
  [
    'a day in both directions',
    'PG&E',
    ['pge-mcolyer/bulk-electric-15min-2019-12-07.xml'],
    { meters: 1, readings: 192 },
  ],
  ['a day of gas', 'PG&E', ['pge-jphutchins/bulk-gas-2020-05.xml'], { meters: 1, readings: 1 }],
  ['bills of a third party', 'PG&E', ['pge-verdigris/PGEUsageSummaries.xml'], { bills: 3, bill_total: '233.64' }],
  [
    'customer and revenue-quality files together',
    'SCE',
    [
      'sce-verdigris/BulkSCERetailCustomer.xml',
      'sce-verdigris/BulkSCEUsageSummaryAndIntervalBlock.xml',
      'sce-verdigris/BulkSCEIntervalBlock.xml',
    ],
    { meters: 1, readings: 100, bills: 6, bill_total: '1215.33', billing_accounts: 1, billing_summaries: 6 },
  ],
]

if (!existsSync(folder)) {
  console.warn('\n*** The real files of utilities are not here, so importing them was NOT tested. ***\n')
  it('reports that the real files are not here', () => expect(existsSync(folder)).toBe(false))
} else {
  it.each(CASES)('%s by %s gives the products that are in it', async (_what, utility, files, counts) => {
    const imported = await importSamples(files)
    expect(imported.utility).toBe(utility)
    expect(imported.counts).toMatchObject(counts)
  })

  it.each(CASES)('%s by %s: the same files again, and a replay, change nothing', async (_what, _utility, files) => {
    const first = await importSamples(files)
    expect(await importSamples(files)).toEqual(first)
    const { changed } = await replayAuthorization({ db: database.db, envelope, now }, first.uid)
    expect(changed).toBe(0)
    expect(await database.db.operator((tx) => countProducts(tx, first.uid))).toEqual(first.counts)
  })

  it('a file with an undeclared prefix is refused whole, and nothing of it is stored', async () => {
    const before = await database.admin('select count(*)::int as n from authorizations')
    await expect(importSamples(['pge-verdigris/PGEUsageSummary.xml'])).rejects.toThrow(FeedRejected)
    expect(await database.admin('select count(*)::int as n from authorizations')).toEqual(before)
  })
}
