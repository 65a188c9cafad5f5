import { afterAll, beforeAll, expect, it } from 'vitest'

import { type PathBench, pathBench, requestsAt, shared } from '../../test/customer-path.ts'
import { admin } from '../../simulators/test-client.ts'
import { type Judged, type Notifications, openNotifications } from './notifications.ts'

let bench: PathBench
let notifications: Notifications
const owed: Judged[] = []
beforeAll(async () => {
  bench = await pathBench()
  const oweResources = (_tx: unknown, judged: Judged): Promise<void> => Promise.resolve(void owed.push(judged))
  notifications = openNotifications({ ...bench.deps, db: bench.database.db, oweResources })
})
afterAll(async () => await bench.close())

const batchList = (...addresses: string[]): Buffer =>
  Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?><ns0:BatchList xmlns:ns0="http://naesb.org/espi">${addresses
      .map((address) => `<ns0:resources>${address.replaceAll('&', '&amp;')}</ns0:resources>`)
      .join('')}</ns0:BatchList>`,
  )
const base = (): string => `${bench.simulators.pge.api}/GreenButtonConnect/espi/1_1/resource`
const later = (seconds: number): void => {
  bench.clock.now = new Date(bench.clock.now.getTime() + seconds * 1000)
}
const stored = async (): Promise<number> => (await bench.database.admin('select 1 from notifications')).length
const judgeOne = async (body: Uint8Array): Promise<Judged | undefined> => {
  expect(await notifications.receive(bench.notificationKeys.pge, body)).toBe('stored')
  expect(await notifications.judgePending()).toBe(1)
  return owed.at(-1)
}

it('an unknown address stores nothing; a ping and an oversized body neither', async () => {
  expect(await notifications.receive('nobody', batchList(`${base()}/Batch/Bulk/1`))).toBe('unknown')
  expect(await notifications.receive(bench.notificationKeys.pge, new Uint8Array())).toBe('stored')
  expect(await notifications.receive(bench.notificationKeys.pge, new Uint8Array(262_145))).toBe('stored')
  expect(await stored()).toBe(0)
})

it('only addresses of the utility itself are worth anything', async () => {
  const good = `${base()}/Batch/Bulk/50916?correlationID=3f6b`
  const judged = await judgeOne(
    batchList(
      good,
      'https://foreign.example/GreenButtonConnect/espi/1_1/resource/Batch/Bulk/1',
      base().replace('//', '//user@') + '/Batch/Bulk/1',
      `${base()}/../../../datacustodian/oauth/v2/token`,
      `${base()}/%2e%2e%2f%2e%2e%2fx`,
      `${base()}evil/Batch/Bulk/1`,
      `${base()}/Batch/Bulk/1?next=https://foreign.example`,
      'sftp://127.0.0.1/file.xml',
      'not an address',
    ),
  )
  expect(judged).toEqual({ registrationUid: bench.registrations.pge, resources: [good], changed: [] })
  const [audit] = await bench.database.admin(`select details from audit_entries where action = 'foreign_address'`)
  expect(audit?.['details']).toMatchObject({ count: 8 })
})

it('an unreadable body is closed and owes nothing', async () => {
  expect(await judgeOne(Buffer.from('not xml'))).toMatchObject({ resources: [], changed: [] })
  expect(await judgeOne(Buffer.from('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'))).toMatchObject({ resources: [] })
})

it('doubled ones are judged twice and harm nothing; each is judged once', async () => {
  const address = `${base()}/Batch/Bulk/50916?correlationID=1`
  await judgeOne(batchList(address, address))
  expect(owed.at(-1)?.resources).toEqual([address])
  const [row] = await bench.database.admin('select notification_uid, body from notifications order by 1 desc limit 1')
  expect(row?.['body']).toHaveLength(0)
  expect(await notifications.judge(String(row?.['notification_uid']))).toBeNull()
  expect(await notifications.judgePending()).toBe(0)
})

it('an authorization that the customer ended at the utility ends here; a notice that says nothing new changes nothing', async () => {
  const { authorizationUid } = await shared(bench, { utility: 'pge' })
  const subscription = bench.owed.at(-1)?.subscription ?? ''
  const notice = batchList(`${base()}/Authorization/${subscription}`)
  expect(await judgeOne(notice)).toMatchObject({ resources: [], changed: [] })
  await admin(bench.simulators.pge, 'POST', '/revoke', { subscription })
  later(16)
  expect(await judgeOne(notice)).toMatchObject({ changed: [authorizationUid] })
  const [row] = await bench.database.admin(
    'select state, revoked_by from authorizations where authorization_uid = $1',
    [authorizationUid],
  )
  expect(row).toEqual({ state: 'revoked', revoked_by: 'utility' })
  later(16)
  expect(await judgeOne(notice)).toMatchObject({ changed: [] })
})

it('a utility that is down leaves the notification for later', async () => {
  const { authorizationUid } = await shared(bench, { utility: 'sce', customer: { login: 'shop' } })
  const subscription = bench.owed.at(-1)?.subscription ?? ''
  const address = `${bench.simulators.sce.api}/DataCustodian/espi/1_1/resource/Authorization/${subscription}`
  await admin(bench.simulators.sce, 'POST', '/revoke', { subscription })
  await admin(bench.simulators.sce, 'POST', '/fault', { on: 'resource', times: 1, status: 503 })
  await notifications.receive(bench.notificationKeys.sce, batchList(address))
  expect(await notifications.judgePending()).toBe(0)
  expect(await notifications.judgePending()).toBe(1)
  expect(owed.at(-1)).toMatchObject({ changed: [authorizationUid] })
})

it('a flood of notices about one authorization asks the utility once, and once more later', async () => {
  await shared(bench, { utility: 'pge', customer: { login: 'moved' } })
  const notice = batchList(`${base()}/Authorization/${bench.owed.at(-1)?.subscription ?? ''}`)
  const asked = async (): Promise<number> =>
    (await requestsAt(bench.simulators.pge)).last.filter(({ target }) => target.includes('/Authorization/')).length
  const flood = async (): Promise<void> => {
    for (let i = 0; i < 120; i++) await notifications.receive(bench.notificationKeys.pge, notice)
  }
  later(60)
  const before = await asked()
  await flood()
  expect(await notifications.judgePending()).toBe(1)
  expect(await asked()).toBe(before + 1)
  later(16)
  expect(await notifications.judgePending()).toBe(119)
  expect(await asked()).toBe(before + 2)
  expect(await notifications.judgePending()).toBe(0)
})

it('whoever names authorizations that are not ours, or another registration’s, has nothing asked', async () => {
  await shared(bench, { utility: 'sce', customer: { login: 'home' } })
  const ofSce = bench.owed.at(-1)?.subscription ?? ''
  const before = await requestsAt(bench.simulators.pge)
  const named = Array.from({ length: 400 }, (_, i) => `${base()}/Authorization/${9_000_000 + i}`)
  expect(await judgeOne(batchList(...named, `${base()}/Authorization/${ofSce}`))).toMatchObject({ changed: [] })
  expect((await requestsAt(bench.simulators.pge)).total).toBe(before.total)
})

it('one utility that is down does not hold up the notifications of another', async () => {
  await shared(bench, { utility: 'sce', customer: { login: 'solar' } })
  const address = `${bench.simulators.sce.api}/DataCustodian/espi/1_1/resource/Authorization/${bench.owed.at(-1)?.subscription ?? ''}`
  await admin(bench.simulators.sce, 'POST', '/fault', { on: 'resource', times: 1, status: 503 })
  for (let i = 0; i < 110; i++) await notifications.receive(bench.notificationKeys.sce, batchList(address))
  await notifications.receive(bench.notificationKeys.pge, batchList(`${base()}/Batch/Bulk/1?correlationID=2`))
  expect(await notifications.judgePending()).toBe(1)
  expect(owed.at(-1)?.registrationUid).toBe(bench.registrations.pge)
  await bench.database.admin('delete from notifications where judged is null')
})

it('more than a thousand that wait are refused until they are judged, and the others’ are taken', async () => {
  const key = bench.notificationKeys.demo
  await bench.database.admin(
    `insert into notifications (registration_uid, body, received) select $1, 'x', $2 from generate_series(1, 999)`,
    [bench.registrations.demo, bench.clock.now],
  )
  expect(await notifications.receive(key, Buffer.from('x'))).toBe('stored')
  expect(await notifications.receive(key, Buffer.from('x'))).toBe('busy')
  expect(await notifications.receive(bench.notificationKeys.pge, Buffer.from('x'))).toBe('stored')
  expect(await notifications.judgePending()).toBe(1001)
  expect(await notifications.receive(key, Buffer.from('x'))).toBe('stored')
})
