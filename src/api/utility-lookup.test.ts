import { afterAll, beforeAll, expect, test } from 'vitest'

import { apiFixture, type Fixture, listOf } from '../../test/api-fixture.ts'

let api: Fixture
beforeAll(async () => {
  api = await apiFixture()
})
afterAll(async () => await api.close())

const find = async (query: string) =>
  listOf<{ id: string }>(await api.get(`/api/experimental/utility-lookup?${query}`), 'utilities')

test('utilities are found by a part of id or name, those without a registration when asked for', async () => {
  const demo = { id: 'DEMO', name: 'Demo Utility', third_party_registration: true }
  expect(await find('q=demo')).toEqual([demo])
  expect(await find('')).toContainEqual(demo)
  expect(await find('q=%26')).toEqual([])
  expect(await find('q=%26&include_unsupported=true')).toMatchObject([{ id: 'PG&E', third_party_registration: false }])
})

test('the look-up needs a token, and says no as v2 does', async () => {
  expect(await api.get('/api/experimental/utility-lookup', 'none')).toMatchObject({
    status: 401,
    body: { error: 'unauthorized' },
  })
  expect(await api.get('/api/experimental/other')).toMatchObject({ status: 404, body: { error: 'not_found' } })
})
