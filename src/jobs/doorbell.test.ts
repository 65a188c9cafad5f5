import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'

import { seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { type Doorbell, openDoorbell } from './doorbell.ts'
import type { Job, Log } from './job.ts'

const Payload = z.object({ uid: z.string() })
type Payload = z.infer<typeof Payload>

/** Jobs that tell what they were rung with. */
function tellingJob(name: string, options: Partial<Job<Payload>> = {}) {
  const heard: string[] = []
  const waiting: { count: number; resolve: () => void }[] = []
  const job: Job<Payload> = {
    name,
    attempts: 2,
    parse: (payload) => Payload.parse(payload),
    async run({ uid }) {
      heard.push(uid)
      await Promise.resolve()
      for (const { count, resolve } of waiting) if (heard.length >= count) resolve()
    },
    ...options,
  }
  const until = async (count: number): Promise<void> =>
    await new Promise((resolve) => {
      waiting.push({ count, resolve })
      if (heard.length >= count) resolve()
    })
  return { job, heard, until }
}

const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const now = (): Date => new Date('2026-11-25T12:00:00Z')
let database: TestDatabase
let doorbells: Doorbell[] = []

async function open(...jobs: Job<Payload>[]): Promise<Doorbell> {
  const doorbell = await openDoorbell(database.connection, { jobs, log: quiet })
  doorbells.push(doorbell)
  return doorbell
}

beforeEach(async () => {
  database = await testDatabase()
})
afterEach(async () => {
  await Promise.all(doorbells.map(async (doorbell) => await doorbell.stop()))
  doorbells = []
  await database.close()
})

test('a job sent in a transaction is heard when it commits, in the role that was there before, and never else', async () => {
  const { companyUid } = await seedCompany(database.db)
  const { job, heard, until } = tellingJob('test.ring')
  const doorbell = await open(job)
  await doorbell.work(job, { db: database.db, now, log: quiet })
  const undone = database.db.company(companyUid, async (tx) => {
    await doorbell.send(tx, job, { uid: 'rolled back' })
    throw new Error('undo')
  })
  await expect(undone).rejects.toThrow('undo')
  await database.db.company(companyUid, async (tx) => {
    await doorbell.send(tx, job, { uid: 'committed' })
    const { rows } = await sql<{ role: string }>`
      select current_user as role, count(*) from companies group by 1`.execute(tx)
    expect(rows).toMatchObject([{ role: 'gbp_company', count: '1' }])
  })
  await doorbell.ring(job, { uid: 'rung' })
  await until(2)
  expect(heard.toSorted()).toEqual(['committed', 'rung'])
})

test('of one key at most one job waits, however often and in how many processes it is rung', async () => {
  const { job, heard, until } = tellingJob('test.keyed', { key: ({ uid }) => uid })
  const [one, two] = await Promise.all([open(job), open(job)])
  const rings = Array.from(
    { length: 50 },
    async (_, at) => await (at % 2 ? one : two).ring(job, { uid: String(at % 5) }),
  )
  await Promise.all(rings)
  const [row] = await database.admin(`select count(*) from pgboss.job where name = 'test.keyed'`)
  expect(row?.['count']).toBe('5')
  await Promise.all(
    [one, two].map(async (each) => await each.work(job, { db: database.db, now, log: quiet }, { lanes: 2 })),
  )
  await until(5)
  expect(heard.toSorted()).toEqual(['0', '1', '2', '3', '4'])
})

test('a job that fails is tried again as often as it says', async () => {
  const tries: string[] = []
  const done = Promise.withResolvers<void>()
  const { job } = tellingJob('test.failing', {
    attempts: 2,
    async run({ uid }) {
      tries.push(uid)
      await Promise.resolve()
      if (tries.length === 2) done.resolve()
      throw new Error('no')
    },
  })
  const doorbell = await open(job)
  await doorbell.work(job, { db: database.db, now, log: quiet })
  await doorbell.ring(job, { uid: 'x' })
  await done.promise
  await doorbell.stop()
  const rows = await database.admin(`select state, retry_count as tries from pgboss.job where name = 'test.failing'`)
  expect(rows).toEqual([{ state: 'failed', tries: 1 }])
})

test('a stop tells running jobs and waits for them', async () => {
  const started = Promise.withResolvers<void>()
  const order: string[] = []
  const { job } = tellingJob('test.long', {
    async run(_, { signal }) {
      started.resolve()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      order.push('job ended')
    },
  })
  const doorbell = await open(job)
  await doorbell.work(job, { db: database.db, now, log: quiet })
  await doorbell.ring(job, { uid: 'x' })
  await started.promise
  await doorbell.stop()
  order.push('stopped')
  expect(order).toEqual(['job ended', 'stopped'])
})

test('a schedule is kept once for each key, and every process may set it', async () => {
  const { job } = tellingJob('test.daily')
  const [one, two] = await Promise.all([open(job), open(job)])
  const when = { cron: '0 4 * * *', timezone: 'America/Los_Angeles' }
  await Promise.all([one, two].map(async (each) => await each.schedule(job, { uid: 'all' }, when)))
  const rows = await database.admin(`select cron, timezone from pgboss.schedule where name = 'test.daily'`)
  expect(rows).toEqual([when])
})
