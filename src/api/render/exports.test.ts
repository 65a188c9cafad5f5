import { afterAll, beforeAll, expect, test } from 'vitest'

import { addBills, addMeter, addReadings, apiFixture, type Fixture, PUBLIC_URL } from '../../../test/api-fixture.ts'
import { seedAuthorization } from '../../../test/database.ts'

let api: Fixture
beforeAll(async () => void (api = await apiFixture()))
afterAll(async () => await api.close())

const files = `${PUBLIC_URL}/api/v2/files`

/** The addresses in exports and exports_list of an object; each has to be one that answers. */
async function exportsAt(path: string) {
  const { body } = await api.get(path)
  const list: { name: string; link: string }[] = Object(body['exports_list'])
  for (const { link } of list) expect([link, (await api.get(link)).status]).toEqual([link, 200])
  expect(list.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(Object(body['exports']))))
  return { exports: body['exports'], names: list.map(({ name }) => name) }
}

test('a meter names the files that it has, under the five keys that clients know; the list has more', async () => {
  const uid = await seedAuthorization(api.database.db, api.ours, { now: new Date('2026-11-01T00:00:00Z') })
  const meter = await addMeter(api, uid)
  expect(await exportsAt(`/meters/${meter}`)).toEqual({ exports: {}, names: [] })
  await addReadings(api, [uid, meter], { start: '2026-07-01T07:00:00Z', values: [1] })
  const intervals = {
    intervals_csv: `${files}/intervals_csv?meters=${meter}`,
    intervals_xml: `${files}/intervals_xml?meters=${meter}`,
  }
  const names = Object.keys(intervals)
  expect(await exportsAt(`/meters/${meter}`)).toEqual({ exports: intervals, names })
  await addBills(api, [uid, meter], [{}])
  expect(await exportsAt(`/meters/${meter}`)).toEqual({
    exports: { bills_csv: `${files}/meters_bills_csv?meters=${meter}`, ...intervals },
    names: ['bills_csv', ...names, 'lineitems_csv'],
  })
})

test('an authorization names the files of all its meters, and none when it is revoked', async () => {
  const uid = await seedAuthorization(api.database.db, api.ours, { now: new Date('2026-11-01T00:00:00Z') })
  expect(await exportsAt(`/authorizations/${uid}`)).toEqual({ exports: {}, names: [] })
  const meter = await addMeter(api, uid)
  const meters = { meters_csv: `${files}/meters_csv?accounts=${uid}` }
  expect(await exportsAt(`/authorizations/${uid}`)).toEqual({ exports: meters, names: ['meters_csv'] })
  await addBills(api, [uid, meter], [{}])
  expect(await exportsAt(`/authorizations/${uid}`)).toEqual({
    exports: { bills_combined_csv: `${files}/meters_bills_csv?authorizations=${uid}`, ...meters },
    names: ['bills_combined_csv', 'meters_csv'],
  })
  await api.send('POST', `/authorizations/${uid}/revoke`)
  expect(await exportsAt(`/authorizations/${uid}`)).toEqual({ exports: {}, names: [] })
})
