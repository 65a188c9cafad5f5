import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { ensureDemoCompany } from '../../../src/accounts/demo-company.ts'
import { importFeeds } from '../../../src/collection/import-feeds.ts'
import { FeedRejected } from '../../../src/espi/errors.ts'
import { openEnvelope } from '../../../src/storage/secrets.ts'
import { findTemplate, type TemplateRow } from '../../../src/storage/templates.ts'
import { pge } from '../../../src/utilities/pge/definition.ts'
import { testDatabase, type TestDatabase } from '../../database.ts'
import { sized } from '../size.ts'
import { GROUPS, makeDocument } from './groups.ts'

/** Every how many classes one is stored. */
const EVERY = sized(2, 8)
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

const ROWS = `select (select count(*) from authorizations)::int as authorizations, (select count(*) from meters)::int as meters,
  (select count(*) from series_blocks)::int as series, (select count(*) from bills)::int as bills,
  (select count(*) from raw_feeds)::int as raw, (select count(*) from events)::int as events`

const isLarge = (bytes: Uint8Array): boolean => bytes.length > 1_000_000
const classes = Object.values(GROUPS)
  .flat()
  .filter((one, index) => index % EVERY === 0 && makeDocument(one, 0).coding === undefined)
  .filter((one) => !isLarge(makeDocument(one, 0).bytes))

const importOne = async (bytes: Uint8Array): Promise<string | null> =>
  (
    await importFeeds(
      { db: database.db, envelope, now },
      { template, utility: pge, files: [{ name: 'feed.xml', bytes }] },
    )
  ).authorizationUid

describe('a document that is refused stores nothing at all', () => {
  const refused = classes.filter(({ verdict }) => verdict.is === 'rejected' && verdict.code !== 'page_instead_of_feed')

  it.each(refused.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    const before = await database.admin(ROWS)
    await expect(importOne(makeDocument(one, 0).bytes)).rejects.toThrow(FeedRejected)
    expect(await database.admin(ROWS)).toEqual(before)
  })
})

describe('a document that is taken is stored whole, and the same again changes nothing', () => {
  const taken = classes.filter(({ verdict }) => verdict.is === 'accepted' || verdict.is === 'warning')

  it.each(taken.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    const { bytes } = makeDocument(one, 0)
    const first = await importOne(bytes)
    const after = await database.admin(ROWS)
    expect(await importOne(bytes)).toBe(first)
    expect(await database.admin(ROWS)).toEqual(after)
  })
})
