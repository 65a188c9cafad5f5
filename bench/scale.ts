import { seedCompany, testDatabase } from '../test/database.ts'
import { receiptStep } from '../src/authorization/receipt.ts'
import { openNotifications } from '../src/authorization/notifications.ts'
import { openCollector } from '../src/collection/collector.ts'
import { followHint } from '../src/collection/judge-notifications.ts'
import { openConnections } from '../src/utilities/connections.ts'
import { measureCosts } from './scale-costs.ts'
import { copyCollected, pageKey, seedCustomers, useUtility } from './scale-customers.ts'
import { countRows, type Used, usedBy } from './scale-usage.ts'
import { CUSTOMERS_A_FILE, type FileDay, fileName, type ScaleUtility, startScaleUtility } from './scale-utility.ts'
import { type BenchDatabase, HISTORY, withDatabase } from './temporary-database.ts'
import { round } from './timing.ts'

/** Files of each day: their customers are enough to tell what one costs among all. */
const FILES = 2
const SIZES = [1000, 10_000, 100_000]
const COLLECTED = FILES * CUSTOMERS_A_FILE
/** As the product has. */
const LANES = 32

/**
 * What a customer costs among 1,000, 10,000 and 100,000: bulk files of a simulated utility, named by notifications, through
 * the collector into PostgreSQL, and all that runs beside it. Some are collected for; the others get copies of their rows. The
 * last column is the largest size against the smallest: it should stay at 1. `--sizes 500,5000` for others.
 */
export async function benchScale(args: readonly string[]): Promise<void> {
  const given = args[args.indexOf('--sizes') + 1]
  const sizes = args.includes('--sizes') && given ? given.split(',').map(Number) : SIZES
  const measured = new Map<number, Record<string, number>>()
  const utility = await startScaleUtility()
  try {
    await withDatabase(async () => {
      // The code warms up on a database of its own.
      for (const size of [COLLECTED, ...sizes]) {
        const began = performance.now()
        const database = await testDatabase()
        const seed = await seedCompany(database.db, { ...HISTORY, utility: 'SCE' })
        const opened = { ...database, seed }
        const loaded = await load(opened, utility, size)
        if (sizes.includes(size)) measured.set(size, { ...loaded, ...(await measureCosts(opened, size)) })
        await opened.close()
        console.log(`${size.toLocaleString('en')} customers: ${round((performance.now() - began) / 1000, 0)} s in all`)
      }
    })
  } finally {
    console.table(side(measured))
    utility.close()
  }
}

async function load(
  database: BenchDatabase,
  utility: ScaleUtility,
  customers: number,
): Promise<Record<string, number>> {
  const envelope = await useUtility(database, utility.base)
  await seedCustomers(database, customers)
  const stand = openStand(database, { utility, envelope })
  try {
    const before = { ...(await countRows(database)), requests: await utility.requests() }
    const first = await stand.collect('first', customers)
    const after = { ...(await countRows(database)), requests: await utility.requests() }
    const [meters] = await database.admin('select count(*)::int as count from meters where interval_count = 192')
    if (meters?.['count'] !== COLLECTED) throw new Error(`${COLLECTED} meters should have 192 readings each`)
    await copyCollected(database)
    await database.admin('vacuum analyze')
    const full = { ...(await countRows(database)), requests: await utility.requests() }
    const next = await stand.collect('next', customers)
    const last = { ...(await countRows(database)), requests: await utility.requests() }
    const [kept] = await database.admin(
      `select avg(pg_column_size(body))::float8 as bytes from raw_feeds where resource like $1`,
      [`%${fileName('next', 0).slice(0, -6)}%`],
    )
    return {
      ...perMeter('first file', first.used),
      'first file: rows': round((after.live - before.live) / COLLECTED),
      'first file: kB in PostgreSQL': round((after.bytes - before.bytes) / COLLECTED / 1000),
      'first file: requests of a file': (after.requests - before.requests) / FILES,
      ...perMeter('a day', next.used),
      'a day: rows': round((last.live - full.live) / COLLECTED),
      'a day: kB in PostgreSQL': round((last.bytes - full.bytes) / COLLECTED / 1000),
      'a day: kB of the kept feed': round(Number(kept?.['bytes']) / 1000),
      'a day: requests of a file': (last.requests - full.requests) / FILES,
      'a customer reads their page meanwhile, ms': round(next.pageMs),
      'memory of this process, MB': round(process.memoryUsage().rss / 1e6, 0),
    }
  } finally {
    await stand.close()
  }
}

function perMeter(name: string, { ours, postgres, wall }: Used): Record<string, number> {
  return {
    [`${name}: our processor, ms`]: round(ours / COLLECTED, 3),
    ...(postgres === null ? {} : { [`${name}: PostgreSQL's processor, ms`]: round(postgres / COLLECTED, 3) }),
    [`${name}: on the clock, ms`]: round(wall / COLLECTED, 3),
  }
}

type Stand = { utility: ScaleUtility; envelope: Awaited<ReturnType<typeof useUtility>> }

/** The product's own way from a notification to stored readings, in this process. */
function openStand(database: BenchDatabase, { utility, envelope }: Stand) {
  const { db, seed, admin } = database
  const connections = openConnections({ db, envelope })
  const now = (): Date => new Date()
  // Tokens have a benchmark of their own; here they are always fresh.
  const tokens = {
    clientToken: async () => 'token',
    withAccessToken: <T>(_uid: string, use: (token: string) => Promise<T>) => use('token'),
    withClientToken: <T>(_uid: string, use: (token: string) => Promise<T>) => use('token'),
    checkAtUtility: async () => false,
  }
  const oweResources = async (...[tx, judged]: Parameters<Parameters<typeof openNotifications>[0]['oweResources']>) =>
    void (await followHint(tx, judged, now()))
  const notifications = openNotifications({ db, connections, tokens, now, oweResources })
  const wait = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))
  const every = (ms: number, run: () => void): (() => void) => {
    const timer = setInterval(run, ms)
    return () => clearInterval(timer)
  }
  let failure: Error | undefined
  const collector = openCollector({
    ...{ db, envelope, connections, tokens, now, wait, every, owner: 'bench', lanes: LANES },
    random: Math.random,
    elapsedMs: () => performance.now(),
    log: (fields, message) => void (failure ??= new Error(`${message}: ${JSON.stringify(fields)}`)),
  })
  const config = { publicUrl: 'https://proxy.example', operatorName: 'Operator', operatorEmail: 'a@operator.example' }
  const receipt = receiptStep({
    ...{ db, envelope, connections, tokens, now, config },
    random: (bytes) => new Uint8Array(bytes),
    owe: async () => undefined,
  })
  async function collect(day: FileDay, customers: number): Promise<{ used: Used; pageMs: number }> {
    const [row] = await admin('select notification_key as key from registrations where registration_uid = $1', [
      seed.registrationUid,
    ])
    const addresses = Array.from({ length: FILES }, (_, n) => `${utility.base}/Batch/Bulk/SCALE/${fileName(day, n)}`)
    const pages: number[] = []
    const stopReading = every(100, () => {
      const began = performance.now()
      receipt(pageKey(Math.floor(Math.random() * customers)), 'en').then(
        (view) =>
          void pages.push('end' in view && view.end === 'unknown_link' ? Number.NaN : performance.now() - began),
        (error: unknown) => void (failure ??= new Error('a page failed', { cause: error })),
      )
    })
    const used = await usedBy(database, async () => {
      await notifications.receive(String(row?.['key']), batchList(addresses))
      await notifications.judgePending()
      await collector.idle()
    })
    stopReading()
    if (failure) throw failure
    return { used, pageMs: pages.toSorted((a, b) => a - b)[pages.length >> 1] ?? Number.NaN }
  }
  return {
    collect,
    async close(): Promise<void> {
      await collector.close()
      await connections.close()
    },
  }
}

function batchList(addresses: readonly string[]): Buffer {
  const resources = addresses.map((address) => `<resources>${address}</resources>`).join('')
  return Buffer.from(`<BatchList xmlns="http://naesb.org/espi">${resources}</BatchList>`)
}

/** A row for each measure, a column for each size. */
function side(measured: ReadonlyMap<number, Record<string, number>>): Record<string, object> {
  const sizes = [...measured.keys()]
  const value = (name: string, size: number | undefined): number => measured.get(size ?? 0)?.[name] ?? Number.NaN
  const names = Object.keys(measured.get(sizes[0] ?? 0) ?? {})
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        ...Object.fromEntries(sizes.map((size) => [size.toLocaleString('en'), value(name, size)])),
        ratio: round(value(name, sizes.at(-1)) / value(name, sizes[0])),
      },
    ]),
  )
}
