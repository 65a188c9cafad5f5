import { sql } from 'kysely'

import { seedAuthorization } from '../test/database.ts'
import type { Series } from '../src/model/series.ts'
import { childUid, type Uid } from '../src/model/uid.ts'
import { sliceColumns } from '../src/storage/merge-columns.ts'
import { mergeManySeries } from '../src/storage/merge-many-series.ts'
import { benchReads } from './api-reads.ts'
import { homeLoad } from './home-load.ts'
import { addMeters, type BenchDatabase, countWrites, HISTORY, withDatabase, ZONE } from './temporary-database.ts'
import { round, timeOf } from './timing.ts'

const TABLES = ['series_blocks', 'intervals', 'meters']
const DAY = 96

/**
 * The series store alone: bytes a reading, writing, writing the same again, a day for many meters, reading. Beside each the
 * bare way. `--full`: 200 meters instead of 20.
 */
export async function benchStore(args: readonly string[]): Promise<void> {
  const meters = args.includes('--full') ? 200 : 20
  await withDatabase(async (database) => {
    const { rows, read } = await writeYears(database, meters)
    console.log(`\nwriting, ${meters} meters of one authorization, a year of quarter hours each, a statement for all`)
    console.table(rows)
    console.log('\nbytes a reading in PostgreSQL, with keys, indexes and lineage')
    console.table(await sizes(database))
    console.log('\na day for every meter, a transaction for all of them or one for each')
    console.table(await deltas(database))
    await benchReads(database, read)
  })
}

type Written = { authorizationUid: Uid; meterUids: Uid[] }

async function merge(
  { db }: BenchDatabase,
  { authorizationUid, meterUids }: Written,
  { series, feed }: { series: readonly Series[]; feed: number },
): Promise<void> {
  const told = series.flatMap((one, at) => {
    const meterUid = meterUids[at]
    return meterUid === undefined ? [] : [{ meterUid, series: one }]
  })
  const options = { zone: ZONE, source: childUid(authorizationUid, feed), now: new Date() }
  await db.operator((tx) => mergeManySeries(tx, authorizationUid, told, options))
}

async function newMeters(database: BenchDatabase, count: number): Promise<Written> {
  const authorizationUid = await seedAuthorization(database.db, database.seed, HISTORY)
  return { authorizationUid, meterUids: await addMeters(database, authorizationUid, count) }
}

async function writeYears(database: BenchDatabase, meters: number): Promise<{ rows: object; read: Written }> {
  const series = Array.from({ length: meters }, (_, at) => homeLoad(at, { months: 12, step: 100 }))
  const readings = series.reduce((sum, { start }) => sum + start.length, 0)
  await merge(database, await newMeters(database, 2), { series: series.slice(0, 2), feed: 1 }) // warm
  const written = await newMeters(database, meters)
  const first = await timeOf(() => merge(database, written, { series, feed: 1 }))
  const before = await countWrites(database, TABLES)
  const again = await timeOf(() => merge(database, written, { series, feed: 2 }))
  const after = await countWrites(database, TABLES)
  const bare = await timeOf(() => insertRows(database, series.slice(0, 2)))
  const rate = (ms: number, count = readings): number => Math.round(count / (ms / 1000))
  const bareRate = rate(bare, 2 * (series[0]?.start.length ?? 0))
  return {
    rows: {
      'packed, first time': { 'readings/s': rate(first), 'times the bare rows': round(rate(first) / bareRate, 1) },
      'the same again, by another feed': {
        'readings/s': rate(again),
        'times the first time': round(first / again, 1),
        'rows written': after.inserted + after.updated - before.inserted - before.updated,
        'dead rows more': after.dead - before.dead,
      },
      'bare: a row a reading, insert from arrays': { 'readings/s': bareRate },
    },
    read: written,
  }
}

async function insertRows({ db, admin }: BenchDatabase, series: readonly Series[]): Promise<void> {
  await admin(`create table if not exists bare_readings (meter bigint, start bigint, value bigint, quality smallint,
    primary key (meter, start))`)
  await admin('grant insert on bare_readings to gbp_operator')
  await db.operator(async (tx) => {
    for (const [meter, { start, value, quality }] of series.entries())
      await sql`
        insert into bare_readings (meter, start, value, quality)
        select ${meter}::bigint, n.start, n.value, n.quality
          from unnest(${[...start]}::bigint[], ${[...value]}::bigint[], ${[...quality]}::smallint[])
               as n (start, value, quality)`.execute(tx)
  })
}

async function sizes(database: BenchDatabase): Promise<object> {
  const [bare = {}] = await database.admin(
    `select pg_total_relation_size('bare_readings')::float8 / count(*) as bytes from bare_readings`,
  )
  const rows: Record<string, object> = {
    'bare: a row a reading': { bytes: round(Number(bare['bytes'])) },
  }
  for (const [name, step] of [
    ['0.1 Wh', 100],
    ['1 Wh', 1000],
  ] as const) {
    const series = Array.from({ length: 20 }, (_, at) => homeLoad(at, { months: 12, step }))
    rows[`${name}, a year from one feed`] = await bytesAfter(database, series, 'whole')
    const quarter = series.map((one) => ({ ...one, ...sliceColumns(one, 0, 90 * DAY) }))
    rows[`${name}, three months, every day from its own feed`] = await bytesAfter(database, quarter, 'daily')
  }
  return rows
}

/** Into an empty table, rewritten afterwards: what vacuum can get back at any time is not the block's size. */
async function bytesAfter(database: BenchDatabase, series: readonly Series[], how: 'whole' | 'daily') {
  const written = await newMeters(database, series.length)
  await database.admin('create table kept as select * from series_blocks')
  await database.admin('truncate series_blocks')
  const longest = Math.max(...series.map(({ start }) => start.length))
  const step = how === 'daily' ? DAY : longest
  for (let from = 0, feed = 1; from < longest; from += step, feed++) {
    const part = series.map((one) => ({ ...one, ...sliceColumns(one, from, from + step) }))
    await merge(database, written, { series: part, feed })
  }
  await database.admin('vacuum full series_blocks')
  const [row = {}] = await database.admin(
    `select pg_total_relation_size('series_blocks')::float8 / sum(readings) as bytes,
            sum(length(block))::float8 / sum(readings) as blocks from series_blocks`,
  )
  await database.admin('truncate series_blocks')
  await database.admin('insert into series_blocks select * from kept')
  await database.admin('drop table kept')
  return { bytes: round(Number(row['bytes'])), 'of it the block': round(Number(row['blocks'])) }
}

async function deltas(database: BenchDatabase): Promise<object> {
  const meters = 50
  const days = 20
  const many = await newMeters(database, meters)
  const year = Array.from({ length: meters }, (_, at) => homeLoad(at, { months: 2, step: 100 }))
  const slice = (from: number, to: number): Series[] => year.map((one) => ({ ...one, ...sliceColumns(one, from, to) }))
  await merge(database, many, { series: slice(0, 10 * DAY), feed: 1 })
  let feed = 2
  const together = await timeOf(async () => {
    for (let day = 10; day < 10 + days; day++)
      await merge(database, many, { series: slice(day * DAY, (day + 1) * DAY), feed: feed++ })
  })
  const alone = await Promise.all(Array.from({ length: 16 }, () => newMeters(database, 1)))
  const one = slice(0, year[0]?.start.length ?? 0)
  const apart = await timeOf(async () => {
    await Promise.all(
      alone.map(async (written, at) => {
        for (let day = 0; day < days; day++) {
          const series = one
            .slice(at, at + 1)
            .map((own) => ({ ...own, ...sliceColumns(own, day * DAY, (day + 1) * DAY) }))
          await merge(database, written, { series, feed: day + 1 })
        }
      }),
    )
  })
  const commit = await timeOf(async () => {
    for (let at = 0; at < 200; at++) await database.db.operator((tx) => sql`select txid_current()`.execute(tx))
  })
  return {
    '50 meters a transaction': { 'meters/s': Math.round((meters * days) / (together / 1000)) },
    'a meter a transaction, 16 authorizations at once': { 'meters/s': Math.round((16 * days) / (apart / 1000)) },
    'bare: an empty transaction, one after the other': { 'meters/s': Math.round(200 / (commit / 1000)) },
  }
}
