import { afterAll, beforeAll, expect, it } from 'vitest'

import { type RunningApp, startRunningApp, untilCollected } from '../../running-app.ts'

let running: RunningApp
beforeAll(async () => {
  running = await startRunningApp({ customers: 10 })
})
afterAll(async () => await running.close())

it('a feed that is refused during collection stores no reading, and is kept encrypted for replay', async () => {
  await running.admin('pge', 'POST', '/fault', {
    on: 'resource',
    match: 'Batch/Subscription',
    times: 100,
    mode: 'broken-xml',
  })
  const { authorizationUid } = await running.share('pge', 'customer000001')
  await untilCollected(running, authorizationUid)
  const rows = async (table: string): Promise<number> =>
    Number(
      (
        await running.database.admin(`select count(*) as n from ${table} where authorization_uid = $1`, [
          authorizationUid,
        ])
      )[0]?.['n'],
    )
  const aside = await running.database.admin(
    `select distinct product, reason from windows where authorization_uid = $1 and state = 'aside'`,
    [authorizationUid],
  )
  expect(aside.length).toBeGreaterThan(0)
  for (const { reason } of aside) expect(reason).toMatch(/not_well_formed|truncated/)
  expect(await rows('series_blocks')).toBe(0)
  // What was decoded has an outcome; what was refused has none yet.
  const kept = await running.database.admin(
    `select distinct product, position('feed'::bytea in body) > 0 as plain from raw_feeds
      where authorization_uid = $1 and outcome = '{}'`,
    [authorizationUid],
  )
  const products = (found: Record<string, unknown>[]): string[] => found.map(({ product }) => String(product)).sort()
  expect(products(kept)).toEqual(products(aside))
  expect(kept.some(({ plain }) => plain)).toBe(false)
})
