import { afterAll, beforeAll, expect, it } from 'vitest'

import { utilityOf } from '../../src/utilities/index.ts'
import { type RunningApp, startRunningApp, until, untilCollected } from '../running-app.ts'

/** A utility that answers at once with an empty feed and has the data some minutes later. */
const { espi, notifications } = utilityOf('DEMO')
let running: RunningApp
beforeAll(async () => {
  Object.assign(utilityOf('DEMO'), {
    espi: { ...espi, emptyAtFirstHours: 24 },
    notifications: { pollSeconds: 600 },
  })
  running = await startRunningApp()
}, 60_000)
afterAll(async () => {
  await running.close()
  Object.assign(utilityOf('DEMO'), { espi, notifications })
})

const windows = async (): Promise<Record<string, unknown>[]> =>
  await running.database.admin(
    `select state, reason, next_try from windows where product = 'usage' order by starts desc`,
  )

it(
  'nothing at first means "not yet": it is asked for again after what the profile says, and then it is there',
  { timeout: 120_000 },
  async () => {
    await running.admin('demo', 'POST', '/fault', {
      on: 'resource',
      match: 'Batch/Subscription',
      times: 1000,
      mode: 'empty',
    })
    const from = Date.now()
    const { authorizationUid } = await running.share('demo', 'test')
    const waiting = await until('all usage to wait', async () => {
      const all = await windows()
      return all.length > 0 && all.every(({ state }) => state === 'waiting') ? all : null
    })
    for (const { reason, next_try: next } of waiting) {
      expect(reason).toBe('awaiting_notification')
      expect(new Date(String(next)).getTime()).toBeGreaterThanOrEqual(from + 600_000 - 5000)
    }
    const intervals = async (): Promise<unknown[]> =>
      (await running.api(`/intervals?authorizations=${authorizationUid}`)).body.intervals
    expect(await intervals()).toEqual([])

    await running.admin('demo', 'DELETE', '/fault')
    running.forward(1)
    await untilCollected(running, authorizationUid)
    await until('all usage', async () => ((await windows()).every(({ state }) => state === 'done') ? true : null))
    expect((await intervals()).length).toBeGreaterThan(10)
  },
)
