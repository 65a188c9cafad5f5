import { afterAll, beforeAll, expect, test } from 'vitest'

import { addMeter, apiFixture, type Fixture, listOf, NOW } from '../../test/api-fixture.ts'
import { saveBillingSummaries, upsertBillingAccounts } from '../storage/billing.ts'
import { currencyE5 } from '../units/currency-e5.ts'
import { epochSeconds } from '../units/epoch-seconds.ts'

let api: Fixture
let authorization: string
let meter: string
let account: string
let summaries: string[]

const at = (text: string) => epochSeconds(Date.parse(text) / 1000)

beforeAll(async () => {
  api = await apiFixture()
  authorization = api.ours.authorizationUid
  meter = await addMeter(api, authorization)
  const told = {
    accountNumber: '77-1',
    billingContact: 'Carla Customer',
    billingAddress: '123 Main St',
    usagePoints: ['up-1'],
  }
  await api.database.db.operator(async (tx) => {
    const given = { source: '31', now: NOW }
    const [row] = await upsertBillingAccounts(tx, authorization, [told], given)
    account = row?.billingAccountUid ?? ''
    const summary = (start: string, end: string, amount: number) => ({
      billingAccountUid: account,
      start: at(start),
      end: at(end),
      facts: {
        statementDate: at(end),
        currency: 'USD',
        newCharges: [
          { name: 'Electric Charges', cost_e5: currencyE5(5_288_000), meter_uid: meter },
          { name: 'Tax', cost_e5: currencyE5(24_000), meter_uid: meter },
          { name: 'For information', cost_e5: null, meter_uid: null },
        ],
        newChargesAmountE5: currencyE5(amount),
      },
      sources: ['31', '32'],
    })
    const saved = await saveBillingSummaries(
      tx,
      authorization,
      [
        summary('2026-02-01T08:00:00Z', '2026-03-01T08:00:00Z', 1),
        summary('2026-01-01T08:00:00Z', '2026-02-01T08:00:00Z', 5_312_000),
      ],
      NOW,
    )
    summaries = saved.added
  })
})
afterAll(async () => await api.close())

test('a billing account has exactly the documented keys, in order', async () => {
  const { status, body } = await api.get(`/accounting/billing-accounts/${account}`)
  expect(status).toBe(200)
  const raw = `https://proxy.example/api/v2/files/raw_feed/${authorization}/31`
  expect(JSON.stringify(body, null, 1)).toBe(
    JSON.stringify(
      {
        uid: account,
        authorization_uid: authorization,
        meter_uids: [meter],
        notes: [
          {
            type: 'billing_summaries_strange',
            msg: 'The charges of a billing summary do not add up. See the notes on the summary.',
            ts: '2026-11-25T12:00:00.000000+00:00',
          },
        ],
        statement_dates: ['2026-03-01T00:00:00.000000-08:00', '2026-02-01T00:00:00.000000-08:00'],
        blocks: ['base', 'sources'],
        base: { billing_contact: 'Carla Customer', billing_address: '123 Main St', billing_account: '77-1' },
        sources: [{ type: 'greenbutton_cmd', raw_url: raw }],
      },
      null,
      1,
    ),
  )
})

test('a billing summary has exactly the documented keys, in order; unknown balances are null', async () => {
  const { status, body } = await api.get(`/accounting/billing-summaries/${summaries[1]}`)
  expect(status).toBe(200)
  const raw = `https://proxy.example/api/v2/files/raw_feed/${authorization}`
  expect(JSON.stringify(body, null, 1)).toBe(
    JSON.stringify(
      {
        uid: summaries[1],
        billing_account_uid: account,
        authorization_uid: authorization,
        meter_uids: [meter],
        notes: [],
        blocks: ['base', 'new_charges', 'sources'],
        base: {
          amount_due: null,
          amount_due_date: null,
          new_balance_amount: null,
          new_charges_amount: 53.12,
          previous_balance_amount: null,
          previous_balance_unpaid: null,
          previous_payment_amount: null,
          statement_date: '2026-02-01T00:00:00.000000-08:00',
        },
        new_charges: [
          { name: 'Electric Charges', cost: 52.88 },
          { name: 'Tax', cost: 0.24 },
        ],
        sources: [
          { type: 'greenbutton_cmd', raw_url: `${raw}/32` },
          { type: 'greenbutton_cmd', raw_url: `${raw}/31` },
        ],
      },
      null,
      1,
    ),
  )
  const strange = await api.get(`/accounting/billing-summaries/${summaries[0]}`)
  expect(strange.body['notes']).toMatchObject([{ type: 'audit_failed_on_new_charges' }])
})

test('accounts and summaries are filtered, ANDed, and paged', async () => {
  const accounts = async (query: string) =>
    listOf(await api.get(`/accounting/billing-accounts?${query}`), 'billing_accounts').map(({ uid }) => uid)
  for (const filter of ['', `uids=${account}`, `authorizations=${authorization}`, `meters=${meter}`])
    expect(await accounts(filter)).toEqual([account])
  for (const filter of ['uids=5', 'authorizations=5', 'meters=5', `after=${account}`])
    expect(await accounts(filter)).toEqual([])

  const listed = async (query: string) =>
    listOf(await api.get(`/accounting/billing-summaries?${query}`), 'billing_summaries').map(({ uid }) => uid)
  for (const filter of ['', `billing_accounts=${account}`, `authorizations=${authorization}`, `meters=${meter}`])
    expect(await listed(filter)).toEqual(summaries)
  expect(await listed(`uids=${summaries[1]}`)).toEqual([summaries[1]])
  for (const filter of ['uids=5', 'billing_accounts=5', 'authorizations=5', 'meters=5'])
    expect(await listed(filter)).toEqual([])
  const first = await api.get(`/accounting/billing-summaries?limit=1&meters=${meter}`)
  expect(first.body['next']).toBe(
    `https://proxy.example/api/v2/accounting/billing-summaries?limit=1&meters=${meter}&after=${summaries[0]}`,
  )
  expect(listOf(await api.get(String(first.body['next'])), 'billing_summaries').map(({ uid }) => uid)).toEqual([
    summaries[1],
  ])
})
