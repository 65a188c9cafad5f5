import { afterAll, beforeAll, expect, it } from 'vitest'

import { oweMissing } from '../../src/collection/owe-missing.ts'
import { type RunningApp, startRunningApp, until, untilCollected } from '../running-app.ts'

let running: RunningApp
beforeAll(async () => {
  running = await startRunningApp({ historyMonths: 2, customers: 30 })
})
afterAll(async () => await running.close())

/** Gaps of most of a day; the utility has shorter ones that nobody can fill. */
async function missingDays(uid: string): Promise<number> {
  const rows = await running.database.admin(
    `select count(*)::int as days
       from (select (span ->> 0)::int - lag((span ->> 1)::int) over (partition by meter_uid order by at) as gap
               from meters, jsonb_array_elements(interval_coverage) with ordinality as s (span, at)
              where authorization_uid = $1) gaps
      where gap > 20 * 3600`,
    [uid],
  )
  return Number(rows[0]?.['days'])
}

async function bulkRequests(): Promise<number> {
  const { last } = await running.admin('sce', 'GET', '/requests')
  return last.filter(({ target }: { target: string }) => /\/Batch\/Bulk\/[A-Z]+\/?$/.test(target)).length
}

const missing = async (hours: number): Promise<void> =>
  await oweMissing.run(
    {},
    {
      db: running.database.db,
      now: () => new Date(Date.now() + hours * 3_600_000),
      signal: new AbortController().signal,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      collector: { ring: () => undefined, idle: async () => undefined, close: async () => undefined },
    },
  )

it('a daily file of SCE whose notification was lost is had after all, by one request', async () => {
  const { authorizationUid: uid } = await running.share('sce', 'customer000003')
  await untilCollected(running, uid)
  expect(await missingDays(uid)).toBe(0)
  await running.database.admin(`update authorizations set monitoring = 'off'`) // a refresh would ask, too
  await running.admin('sce', 'POST', '/fault', { on: 'notification', mode: 'lost', times: 1 })
  for (const days of [1, 1]) {
    running.forward(24)
    await running.admin('sce', 'POST', '/new-day', { days })
  }
  await until('the file of the next day', async () => ((await missingDays(uid)) === 1 ? true : null))

  const before = await bulkRequests()
  await missing(48)
  await until('the lost file', async () => ((await missingDays(uid)) === 0 ? true : null))
  await running.app.idle()
  expect((await bulkRequests()) - before).toBe(1)

  await missing(50)
  await running.app.idle()
  expect((await bulkRequests()) - before).toBe(1)
}, 90_000)

it('a correction whose notification was lost is had as well, although no reading is missing', async () => {
  const { authorizationUid: uid } = await running.share('sce', 'customer000004')
  await untilCollected(running, uid)
  const seriesOf = async (): Promise<string> => {
    const rows = await running.database.admin(
      `select string_agg(md5(block), ' ' order by meter_uid, channel, month) as blocks from series_blocks
        where authorization_uid = $1`,
      [uid],
    )
    return String(rows[0]?.['blocks'])
  }
  const before = await seriesOf()
  await running.admin('sce', 'POST', '/fault', { on: 'notification', mode: 'lost', times: 1 })
  await running.admin('sce', 'POST', '/correct', { login: 'customer000004' })
  await running.app.idle()
  expect(await seriesOf()).toBe(before)

  running.forward(24)
  await missing(72)
  await until('the correction', async () => ((await seriesOf()) === before ? null : true))
}, 90_000)
