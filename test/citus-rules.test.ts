import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { distribute, PLACEMENT, statements } from '../src/storage/distribute.ts'
import { words } from './api-fixture.ts'
import { testDatabase, type TestDatabase } from './database.ts'

/**
 * What a three-node Citus 13 refused or got wrong when tried, held against every table and every statement, so that a
 * machine without Citus can tell that we still run on one (docs/decisions/0008-distributed-by-authorization.md).
 */
const HEAVY: readonly string[] = PLACEMENT.heavy
const REFERENCE: readonly string[] = PLACEMENT.reference

/** Reads, sweeps and purges that look at every authorization on purpose, and lock none of their rows one by one. */
const ACROSS = [
  'active-authorizations.ts findPageEnd',
  'active-authorizations.ts listActiveBySubscription',
  'active-authorizations.ts listCrowded',
  'active-authorizations.ts listDueForRefresh',
  'arrivals.ts countArrivals',
  'authorizations.ts listActiveInSlot',
  'authorizations.ts listDueToExpire',
  'authorizations.ts listEndingInSlot',
  'authorizations.ts listExpiringSoon',
  'authorizations.ts listRefused',
  'bulk-requests.ts listAnswered',
  'bulk-requests.ts oweDailyRequest',
  'client-consents.ts endConsentsOfClient',
  'client-consents.ts listRunOut',
  'client-consents.ts listRunningConsents',
  'client-consents.ts listSharesOf',
  'forget-windows.ts forgetDone',
  'gaps.ts listGapped',
  'grants.ts claimUntold',
  'imported.ts findImported',
  'list-bill-page.ts listBillPage',
  'list-event-page.ts listEventPage',
  'list-interval-blocks.ts listIntervalBlocks',
  'list-interval-page.ts listIntervalPage',
  'list-unused-grants.ts listUnusedGrants',
  'named-files.ts listTakers',
  'named-files.ts oweToNamed',
  'named-files.ts oweToWaiting',
  'raw-feed-owners.ts listOldFeedOwners',
  'raw-feed-owners.ts listWithFeeds',
  'summarize-owed.ts countQuarantined',
  'summarize-owed.ts summarizeLag',
  'summarize-owed.ts summarizeLoading',
  'summarize-owed.ts summarizeOwed',
  'windows.ts dueBehind',
  'windows.ts sweepLeases',
]

type Statement = { file: string; within: string; text: string }

/** Every tagged template of SQL, with what is put into it; the name of the function that it stands in. */
function statementsOf(file: string): Statement[] {
  const source = readFileSync(file, 'utf8')
  return [...source.matchAll(/\bsql(?:<[^`]*?>)?`/g)].map(({ 0: tag, index }) => ({
    file: path.basename(file),
    within: [...source.slice(0, index).matchAll(/function (\w+)/g)].at(-1)?.[1] ?? '',
    text: templateAt(source, index + tag.length),
  }))
}

function templateAt(source: string, from: number): string {
  const open = ['`']
  for (let at = from; at < source.length; at++) {
    const inText = open.at(-1) === '`'
    const char = source[at]
    if (char === '`' && inText) {
      open.pop()
      if (open.length === 0) return source.slice(from, at)
    } else if (char === '`') open.push('`')
    else if (inText && char === '$' && source[at + 1] === '{') open.push('{')
    else if (!inText && char === '{' && source[at - 1] !== '$') open.push('{')
    else if (!inText && char === '}') open.pop()
  }
  throw new Error('a template without an end')
}

const NAMES = HEAVY.join('|')
const touches = new RegExp(String.raw`\b(?:from|join|update|into)\s+(?:${NAMES})\b`)
const writes = new RegExp(String.raw`\b(?:update|delete from)\s+(?:${NAMES})\b`)
const isKeyed = (text: string): boolean =>
  /authorization_uid\s*(?:=\s*(?:\$[{\d]|any)|in\b)|covered\(|^\s*insert into/.test(text)

const all = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.includes('migrations'))
  .flatMap((name) => statementsOf(path.join('src', name)))
const whole = all.filter(({ text }) => /^\s*(?:select|with|insert|update|delete)\b/.test(text))
const heavy = whole.filter(({ text }) => touches.test(text))
const named = (statements: Statement[]): string[] => statements.map(({ file, within }) => `${file} ${within}`)

describe('statements', () => {
  it('are found', () => {
    expect(heavy.length).toBeGreaterThan(100)
  })

  it('name the authorization, unless they are one of those that look at all', () => {
    const wrong = heavy.filter(({ text }) => !isKeyed(text))
    expect([...new Set(named(wrong))].toSorted()).toEqual(ACROSS)
  })

  it('lock rows of one authorization only, and skip none', () => {
    const locks = heavy.filter(({ text }) => /\bfor (?:no key update|update|share|key share)\b/.test(text))
    expect(locks.length).toBeGreaterThan(3)
    expect(named(locks.filter(({ text }) => !isKeyed(text)))).toEqual([])
    expect(named(whole.filter(({ text }) => /\bskip locked\b/.test(text) && touches.test(text)))).toEqual([])
  })

  it('call nothing in an update of a heavy table that answers otherwise on each machine', () => {
    const updates = heavy.filter(({ text }) => writes.test(text))
    expect(updates.length).toBeGreaterThan(20)
    expect(named(updates.filter(({ text }) => /\b(?:now|random|clock_timestamp|nextval)\(/.test(text)))).toEqual([])
  })

  it('read a block with the days behind it, but for those that write, pack or compare blocks', () => {
    const bare = (text: string): string => text.replaceAll(/\$\{BLOCK\}( end)? as block/g, '')
    const readers = heavy.filter(({ text }) => /\bseries_blocks\b/.test(text) && /\bblock\b/.test(bare(text)))
    expect([...new Set(named(readers))].toSorted()).toEqual([
      'fold-tails.ts foldTails',
      'replay.ts keepUnchanged',
      'series-append.ts appendToBlocks',
      'series-rows.ts saveBlocks',
    ])
  })

  it('rely on no advisory lock, no notification and no set_config', () => {
    expect(named(all.filter(({ text }) => /pg_\w*advisory|^\s*(?:listen|notify)\b|set_config/.test(text)))).toEqual([])
  })
})

describe('tables', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await testDatabase()
  })
  afterAll(async () => await database.close())

  it('have a place each: what heavy ones refer to is whole on every machine', async () => {
    const tables = await database.admin(
      `select tablename::text as name from pg_tables where schemaname = 'public' and tablename not like 'kysely%'`,
    )
    const names = tables.map(({ name }) => String(name))
    expect([...HEAVY, ...REFERENCE].filter((name) => !names.includes(name))).toEqual([])
    const withKey = await database.admin(
      `select c.relname::text as name from pg_attribute t join pg_class c on c.oid = t.attrelid and c.relkind = 'r'
        where t.attname = 'authorization_uid' and c.relnamespace = 'public'::regnamespace`,
    )
    const local = withKey.map(({ name }) => String(name)).filter((name) => !HEAVY.includes(name))
    // Look-up tables and logs on the coordinator, which name an authorization and are not joined with its data.
    expect(local.toSorted()).toEqual(
      words('audit_entries client_notices client_requests client_tokens deliveries flows forms links mails referrals'),
    )
  })

  it('that are heavy have the authorization in every unique index, and no trigger', async () => {
    const indexes = await database.admin(
      `select c.relname::text as name, i.indexrelid::regclass::text as index,
              array_agg(t.attname::text) as columns
         from pg_index i join pg_class c on c.oid = i.indrelid
         join pg_attribute t on t.attrelid = c.oid and t.attnum = any(i.indkey)
        where i.indisunique and c.relname = any($1) group by 1, 2`,
      [HEAVY],
    )
    expect(indexes.length).toBeGreaterThanOrEqual(HEAVY.length)
    expect(indexes.filter(({ columns }) => !String(columns).includes('authorization_uid'))).toEqual([])
    expect(
      await database.admin(
        `select tgname::text from pg_trigger where not tgisinternal and tgrelid::regclass::text = any($1)`,
        [HEAVY],
      ),
    ).toEqual([])
  })

  it('refer from heavy ones by the authorization or to reference tables, and from others never to heavy ones', async () => {
    const keys = await database.admin(
      `select conrelid::regclass::text as from, confrelid::regclass::text as to, pg_get_constraintdef(oid) as text
         from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`,
    )
    expect(keys.length).toBeGreaterThan(20)
    const wrong = keys.filter(({ from, to, text }) => {
      const [source, target] = [String(from), String(to)]
      if (HEAVY.includes(source) && HEAVY.includes(target)) return !/KEY \(authorization_uid/.test(String(text))
      if (HEAVY.includes(target)) return true
      return (HEAVY.includes(source) || REFERENCE.includes(source)) && !REFERENCE.includes(target)
    })
    expect(wrong).toEqual([])
  })

  it('are moved in an order in which what is referred to is there; without Citus nothing is, and it is said', async () => {
    const order = statements().map(({ table }) => table)
    expect(order).toEqual([...REFERENCE, ...HEAVY])
    await expect(distribute(database.connection)).rejects.toMatchObject({ code: 'no_citus' })
  })
})
