import { randomBytes } from 'node:crypto'

import type { Uid } from '../src/model/uid.ts'
import { saveBillingSummaries, upsertBillingAccounts } from '../src/storage/billing.ts'
import { appendEvent } from '../src/storage/events.ts'
import { currencyE5 } from '../src/units/currency-e5.ts'
import { epochSeconds } from '../src/units/epoch-seconds.ts'
import { addBills, addMeter, addReadings, type Fixture, NOW } from './api-fixture.ts'
import { type Seed, seedAuthorization } from './database.ts'

/** One object of each kind of a company, by uid. */
export type Objects = Record<
  | 'template'
  | 'unused_template'
  | 'form'
  | 'authorization'
  | 'meter'
  | 'bill'
  | 'interval'
  | 'event'
  | 'billing_account'
  | 'billing_summary'
  | 'raw_feed'
  | 'webhook'
  | 'user'
  | 'member'
  | 'token'
  | 'client',
  Uid
>

/** Makes one of each: a test authorization with a meter, a bill, readings and accounting data, and the company's own. */
export async function makeObjects(api: Fixture, seed: Seed, token: string): Promise<Objects> {
  const { admin, db } = api.database
  const authorization = await seedAuthorization(db, seed, { utility: 'DEMO', now: NOW })
  await admin('update authorizations set is_test = true where authorization_uid = $1', [authorization])
  const meter = await addMeter(api, authorization)
  const rawFeed = String(BigInt(meter) + 500_000n)
  await admin(
    `insert into raw_feeds (authorization_uid, raw_feed_uid, company_uid, product, resource, fetched, media_type, sha256,
       size, body) values ($1, $2, $3, 'usage', '', $4, 'text/xml', '', 0, '')`,
    [authorization, rawFeed, seed.companyUid, NOW],
  )
  const [bill = ''] = await addBills(api, [authorization, meter], [{}], rawFeed)
  await addReadings(api, [authorization, meter], { start: '2026-07-01T07:00:00Z', values: [1, 2, 3], source: rawFeed })
  const [interval] = await admin('select interval_uid::text as uid from intervals where meter_uid = $1', [meter])
  const event = await db.operator((tx) =>
    appendEvent(tx, { type: 'meter_created', authorizationUid: authorization, meterUid: meter, now: NOW }),
  )
  const made = async (address: string, body: object): Promise<Uid> => {
    const answer = await api.send('POST', address, body, token)
    if (answer.status !== 200) throw new Error(`POST ${address}: ${answer.text}`)
    return String(answer.body['uid'])
  }
  return {
    template: seed.templateUid,
    unused_template: await made('/api/v3/templates', { ...newTemplate(), disabled: true }),
    form: await made('/forms', {}),
    ...{ authorization, meter, bill, event },
    interval: String(interval?.['uid']),
    ...(await makeAccounting(api, authorization, meter)),
    raw_feed: rawFeed,
    webhook: await made('/api/v3/webhooks', { url: 'https://hooks.example.com/' }),
    user: seed.memberUid,
    member: await made('/api/v3/members', {
      email: `colleague-${authorization}@company.example`,
      name: 'Cora',
      role: 'viewer',
    }),
    token: await made('/api/v3/tokens', { name: 'nightly', scopes: ['account'] }),
    client: await made('/api/v3/clients', newClient),
  }
}

async function makeAccounting({ database }: Fixture, authorization: Uid, meter: Uid) {
  const told = {
    accountNumber: '77-1',
    billingContact: 'Carla Customer',
    billingAddress: '1 Main St',
    usagePoints: ['up-1'],
  }
  return await database.db.operator(async (tx) => {
    const [account] = await upsertBillingAccounts(tx, authorization, [told], { source: '31', now: NOW })
    const billingAccountUid = account?.billingAccountUid ?? ''
    const summary = {
      billingAccountUid,
      start: epochSeconds(1_767_254_400),
      end: epochSeconds(1_769_932_800),
      facts: {
        statementDate: epochSeconds(1_769_932_800),
        currency: 'USD',
        newCharges: [{ name: 'Electric Charges', cost_e5: currencyE5(5_288_000), meter_uid: meter }],
        newChargesAmountE5: currencyE5(5_288_000),
      },
      sources: ['31'],
    }
    const { added } = await saveBillingSummaries(tx, authorization, [summary], NOW)
    return { billing_account: billingAccountUid, billing_summary: added[0] ?? '' }
  })
}

/** A request of one endpoint, below the prefix. */
export type Sample = { address: string; body?: object }

const newClient = { name: 'Bright Homes', redirect_uris: ['https://bright.example.com/back'] }

/** A template's portal is unique at the whole server. */
function newTemplate(): object {
  return {
    portal: `portal-${randomBytes(6).toString('hex')}`,
    company_name: 'Sunny Solar',
    company_email: 'info@company.example',
    purpose: { en: 'To size your solar system.' },
  }
}

const OF_PATH: [start: string, kind: keyof Objects][] = [
  ['/templates/:uid', 'template'],
  ['/forms/:uid', 'form'],
  ['/authorizations/:uid', 'authorization'],
  ['/meters/:uid', 'meter'],
  ['/accounting/billing-accounts/:uid', 'billing_account'],
  ['/accounting/billing-summaries/:uid', 'billing_summary'],
  ['/events/:uid', 'event'],
  ['/webhooks/:uid', 'webhook'],
  ['/members/:uid', 'member'],
  ['/tokens/:uid', 'token'],
  ['/clients/:uid', 'client'],
]

/** What an endpoint needs beside the uids in its path to succeed. */
const NEEDS: Record<string, (o: Objects) => { query?: string; body?: object }> = {
  'GET /authorizations': () => ({ query: 'include=meters' }),
  'POST /forms/:uid/test-submit': () => ({ body: { utility: 'DEMO', scenario: 'residential' } }),
  'PATCH /forms/:uid': () => ({ body: { is_archived: true } }),
  'PATCH /authorizations/:uid': () => ({ body: { nickname: 'home' } }),
  'PATCH /meters/:uid': () => ({ body: { is_archived: true } }),
  'PATCH /events/:uid': () => ({ body: { is_delivered: true } }),
  'POST /meters/historical-collection': ({ meter }) => ({ body: { meters: [meter] } }),
  'POST /meters/ongoing-monitoring': ({ meter }) => ({ body: { meters: [meter], frequency: 'monthly' } }),
  'GET /bills': ({ meter }) => ({ query: `meters=${meter}` }),
  'GET /intervals': ({ meter }) => ({ query: `meters=${meter}` }),
  'GET /files/intervals_csv': ({ meter }) => ({ query: `meters=${meter}` }),
  'GET /files/intervals_xml': ({ meter }) => ({ query: `meters=${meter}` }),
  'GET /files/meters_bills_csv': ({ meter }) => ({ query: `meters=${meter}` }),
  'GET /files/meters_lineitems_csv': ({ meter }) => ({ query: `meters=${meter}` }),
  'GET /files/meters_csv': ({ authorization }) => ({ query: `accounts=${authorization}` }),
  'GET /files/billing_summaries_csv': ({ authorization }) => ({ query: `authorizations=${authorization}` }),
  'GET /exports/intervals': ({ meter }) => ({ query: `meters=${meter}` }),
  'GET /exports/bills': ({ meter }) => ({ query: `meters=${meter}` }),
  'GET /exports/line-items': ({ meter }) => ({ query: `meters=${meter}` }),
  'GET /sums': ({ meter }) => ({ query: `meters=${meter}&by=day` }),
  'POST /webhooks': () => ({ body: { url: 'https://hooks.example.com/2' } }),
  'PATCH /webhooks/:uid': () => ({ body: { description: 'changed' } }),
  'POST /templates': () => ({ body: newTemplate() }),
  'PATCH /templates/:uid': () => ({ body: { max_months: 24 } }),
  'POST /members': ({ member }) => ({ body: { email: `${member}@company.example`, name: 'Nora', role: 'member' } }),
  'PATCH /members/:uid': () => ({ body: { role: 'member' } }),
  'POST /tokens': ({ user }) => ({ body: { name: 'one more', scopes: ['account'], user_uid: user } }),
  'POST /clients': () => ({ body: newClient }),
  'PATCH /clients/:uid': () => ({ body: { notify_uri: null } }),
  'POST /webhooks/:uid/resend': ({ event }) => ({ body: { event_uid: event } }),
}

/** A request of an endpoint that succeeds for who owns the objects. Throws for a path whose uids it does not know. */
export function sampleOf({ method, path }: { method: string; path: string }, objects: Objects): Sample {
  const { query, body } = NEEDS[`${method} ${path}`]?.(objects) ?? {}
  const known = OF_PATH.find(([start]) => path.startsWith(start))?.[1]
  const kind = known === 'template' && method === 'DELETE' ? 'unused_template' : known
  const address = path
    .replace(':authorization_uid', objects.authorization)
    .replace(':raw_feed_uid', objects.raw_feed)
    .replace(':uid', kind === undefined ? ':uid' : objects[kind])
  if (address.includes(':')) throw new Error(`${method} ${path}: test/api-samples.ts does not know its uids`)
  return { address: query === undefined ? address : `${address}?${query}`, ...(body === undefined ? {} : { body }) }
}
