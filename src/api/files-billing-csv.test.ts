import { afterAll, beforeAll, expect, test } from 'vitest'

import { apiFixture, type Fixture, listOf, PUBLIC_URL } from '../../test/api-fixture.ts'
import { makeObjects, type Objects } from '../../test/api-samples.ts'

let api: Fixture
let objects: Objects
beforeAll(async () => {
  api = await apiFixture()
  objects = await makeObjects(api, api.ours, 'token-ours')
})
afterAll(async () => await api.close())

const address = '/files/billing_summaries_csv'

test('a file of billing summaries has a line for each, as the JSON has it', async () => {
  const { authorization, billing_account: account, billing_summary: summary, meter } = objects
  const { text, headers } = await api.get(`${address}?authorizations=${authorization}`)
  expect(headers['content-disposition']).toBe('attachment; filename="billing_summaries.csv"')
  const [head = '', line = '', ...rest] = text.split('\r\n')
  expect(rest).toEqual([''])
  const [json] = listOf<{ base: { statement_date: string; new_charges_amount: number } }>(
    await api.get(`/accounting/billing-summaries?authorizations=${authorization}`),
    'billing_summaries',
  )
  const cells = Object.fromEntries(head.split(',').map((name, at) => [name, line.split(',')[at]]))
  expect(cells).toEqual({
    billing_summary_uid: summary,
    billing_account_uid: account,
    authorization_uid: authorization,
    utility: 'DEMO',
    meter_uids: meter,
    statement_date: json?.base.statement_date,
    new_charges_amount: String(json?.base.new_charges_amount),
    currency: 'USD',
    new_charges: '1',
    source: `${PUBLIC_URL}/api/v2/files/raw_feed/${authorization}/31`,
    updated: '2026-11-25T12:00:00.000000+00:00',
  })
  expect((await api.get(`${address}?billing_accounts=${account}&meters=${meter}`)).text).toBe(text)
})

test('it is named by the authorization, of the own company only, and asks what is wanted', async () => {
  const { body } = await api.get(`/authorizations/${objects.authorization}`)
  const link = `${PUBLIC_URL}/api/v2${address}?authorizations=${objects.authorization}`
  expect(body['exports']).toMatchObject({ billing_summaries_csv: link })
  expect((await api.get(link, 'token-theirs')).status).toBe(404)
  expect((await api.get(address)).body).toMatchObject({ error: 'required_param_missing' })
})
