import { seedAuthorization, seedCompany, testDatabase, type TestDatabase } from '../../database.ts'
import { bareMeter } from '../../../src/model/meter.ts'
import type { Channel, Series } from '../../../src/model/series.ts'
import { childUid, type Uid } from '../../../src/model/uid.ts'
import { mergeManySeries, type SeriesMerge } from '../../../src/storage/merge-many-series.ts'
import { upsertMeters } from '../../../src/storage/meters.ts'
import { readBlocks, readSeries } from '../../../src/storage/series.ts'
import { sumMonths } from '../../../src/storage/series-sums.ts'
import { addExact, type Exact } from '../../../src/units/exact.ts'
import type { Told } from './feeds.ts'
import { KWH, PACIFIC } from './series-kit.ts'

export const NOW = new Date('2026-11-25T12:00:00Z')
export const NOTHING = { added: 0, changed: 0, outside: 0 }

type Meter = {
  uid: Uid
  meterUid: Uid
  /** Merges feeds one after the other. */
  merge: (told: readonly Told[], channel?: Channel) => Promise<SeriesMerge[]>
  read: () => Promise<Series[]>
  versions: () => Promise<unknown>
  /** The rows of the tables as they lie there. */
  rows: () => Promise<unknown>
  counted: () => Promise<{ coverage: [number, number][]; count: unknown }>
  /** The sums beside the blocks: how many months, and their sum. */
  monthly: () => Promise<{ months: number; total: Exact }>
}

export type MeterKit = { database: TestDatabase; newMeter: () => Promise<Meter>; close: () => Promise<void> }

/** A database of its own, and new meters in it, each of a new authorization. */
export async function openMeterKit(): Promise<MeterKit> {
  const database = await testDatabase()
  const { db } = database
  const seed = await seedCompany(db)
  return {
    database,
    newMeter: async () => await meterOf(database, await seedAuthorization(db, seed)),
    close: () => database.close(),
  }
}

async function meterOf({ db, admin }: TestDatabase, uid: Uid): Promise<Meter> {
  const facts = { ...bareMeter('up-1', 'electricity'), serviceIdentifier: 'S-1' }
  const [meter] = await db.operator((tx) => upsertMeters(tx, uid, [facts], { now: NOW }))
  const meterUid = meter?.meterUid ?? ''
  return {
    uid,
    meterUid,
    merge: async (told: readonly Told[], channel: Channel = KWH): Promise<SeriesMerge[]> => {
      const merges: SeriesMerge[] = []
      for (const { feed, series } of told) {
        const options = { zone: PACIFIC, source: childUid(uid, 1000 + feed), now: NOW }
        merges.push(
          ...(await db.operator((tx) =>
            mergeManySeries(tx, uid, [{ meterUid, series: { ...series, channel } }], options),
          )),
        )
      }
      return merges
    },
    read: async () => await db.operator((tx) => readSeries(tx, uid, meterUid)),
    versions: async () =>
      (await db.operator((tx) => readBlocks(tx, uid, meterUid))).map(({ version, updated }) => [version, updated]),
    rows: async () => [
      await admin('select ctid, xmin, b.* from series_blocks b where authorization_uid = $1 order by month', [uid]),
      await admin('select ctid, xmin, i.* from intervals i where authorization_uid = $1 order by month', [uid]),
      await admin('select ctid, xmin, m.* from meters m where authorization_uid = $1', [uid]),
    ],
    counted: async () => {
      const [row] = await admin(
        'select interval_coverage as coverage, interval_count as count from meters where meter_uid = $1',
        [meterUid],
      )
      const coverage: [number, number][] = JSON.parse(JSON.stringify(row?.['coverage']))
      return { coverage, count: row?.['count'] }
    },
    monthly: async () => {
      const sums = await db.operator((tx) => sumMonths(tx, uid, meterUid, { sinceMonth: 0, untilMonth: 99_999 }))
      const total = sums.map((sum) => sum.total).reduce(addExact, { digits: 0n, exponent: 0 })
      return { months: new Set(sums.map(({ month }) => month)).size, total }
    },
  }
}
