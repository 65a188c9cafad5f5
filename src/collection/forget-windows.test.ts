import { afterAll, beforeAll, expect, it } from 'vitest'

import { seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { oweWindows } from '../storage/windows.ts'
import { forgetWindows } from './jobs.ts'

const NOW = new Date('2026-11-25T12:00:00Z')
let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => await database.close())

it('what was done long ago is forgotten, except what is still owed and the newest of each thing asked for', async () => {
  const { authorizationUid } = await seedCompany(database.db)
  const day = (resource: string, from: number) => ({ product: 'usage', resource, from, to: from + 1, priority: 0 })
  const whole = { from: 0, to: 0, priority: 0 }
  const windows = [
    ...[1, 2, 3, 4].map((from) => day('up-1', from)),
    day('up-2', 1),
    { product: 'file', resource: 'old', ...whole },
    { product: 'file', resource: 'new', ...whole },
    { product: 'customer', resource: '', ...whole },
  ]
  await database.db.operator((tx) => oweWindows(tx, authorizationUid, windows, { now: NOW }))
  await database.admin(
    `update windows set state = 'done',
            finished = $1::timestamptz - case when resource = 'new' then interval '59 days' else interval '61 days' end
      where not (resource = 'up-1' and starts = 1)`,
    [NOW],
  )
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const { db } = database
  await forgetWindows.run({}, { db, now: () => NOW, signal: new AbortController().signal, log: silent })
  const kept = await database.admin('select product, resource, starts::int from windows order by 1, 2, 3')
  expect(kept).toEqual([
    { product: 'customer', resource: '', starts: 0 },
    { product: 'file', resource: 'new', starts: 0 },
    { product: 'usage', resource: 'up-1', starts: 1 },
    { product: 'usage', resource: 'up-1', starts: 4 },
    { product: 'usage', resource: 'up-2', starts: 1 },
  ])
})
