import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { NOW, sampleBill } from '../../test/api-fixture.ts'
import { type CustodianKit, custodianKit, type Registered } from '../../test/custodian-kit.ts'
import { seedAuthorization } from '../../test/database.ts'
import { ALLOWED, answering, openReceiver, type Receiver, WELL } from '../../test/webhook-kit.ts'
import { openBrowser } from '../authorization/scripted-browser.ts'
import { transition } from '../authorization/states.ts'
import { storeFeed } from '../collection/store-feed.ts'
import { parseBatchList } from '../espi/parse-batch-list.ts'
import { shortenAuthorization } from '../storage/authorizations.ts'
import { oweNotices, purgeNotices } from '../storage/client-notices.ts'
import { openSender } from '../webhooks/send-delivery.ts'
import { notifyClients, planList } from './notify-clients.ts'

const HOUR = 3_600_000

let kit: CustodianKit
let third: Receiver
let authorization: string
let sender: ReturnType<typeof openSender>
beforeAll(async () => {
  kit = await custodianKit()
  authorization = kit.api.ours.authorizationUid
  sender = openSender(ALLOWED, async () => [], 3000)
})
beforeEach(async () => {
  third = await openReceiver()
  kit.clock.ms += 2 * HOUR // the customer may be mailed again
})
afterEach(async () => {
  await kit.api.database.admin('delete from clients')
  await kit.api.database.admin('update client_consents set ended = agreed where ended is null')
  await third.close()
})
afterAll(async () => {
  await sender.close()
  await kit.close()
})

const base = (): string => `${kit.url}/DataCustodian/espi/1_1/resource`
const now = (): Date => new Date(kit.clock.ms)
const admin = async (text: string, values?: unknown[]) => await kit.api.database.admin(text, values)

/** A minute passes, and who is owed word gets it. */
async function round(minutes = 1): Promise<void> {
  kit.clock.ms += minutes * 60_000
  const deps = { db: kit.api.database.db, sender, base: base(), now, random: () => 0 }
  await notifyClients(deps, new AbortController().signal)
}
/** The lists that came, without the address of all resources. */
const lists = (): string[][] =>
  third.received.map(({ body }) => parseBatchList(Buffer.from(body)).map((address) => address.replace(base(), '')))

async function letIn(scope = '', path = '/'): Promise<Registered> {
  const client = await kit.register({ notify_uri: third.url(path) })
  await kit.tokens(client, scope === '' ? {} : { scope })
  return client
}
async function owe(kinds: Parameters<typeof oweNotices>[2], uid = authorization): Promise<void> {
  await kit.api.database.db.operator((tx) => oweNotices(tx, uid, kinds, now()))
}
async function stopByMail(): Promise<void> {
  const browser = openBrowser()
  await browser.submit(await browser.open(await kit.mailed('client_let_in')), /stop it now/i)
}
const told = async ({ uid }: Registered) => (await kit.api.get(`/api/v3/clients/${uid}`)).body

describe('a third party', () => {
  it('is told of what a feed changed, once, by a BatchList whose addresses it may read', async () => {
    const client = await kit.register({ notify_uri: third.url('/hook') })
    const { access } = await kit.tokens(client)
    const store = async (): Promise<void> => {
      const feed = { meters: [], series: [], billingAccounts: [], warnings: [], quarantined: [], updated: null }
      const options = { timezone: 'America/Los_Angeles', dataClasses: ['bills'], source: '7', now: now() } as const
      await kit.api.database.db.operator((tx) =>
        storeFeed(tx, authorization, { ...feed, bills: [{ ...sampleBill, usagePoint: 'up-new' }] }, options),
      )
    }
    await store()
    await round()
    expect(third.received).toMatchObject([{ path: '/hook', headers: { 'content-type': 'application/atom+xml' } }])
    const [list = []] = lists()
    expect(list).toEqual([`/Batch/Subscription/${authorization}`, `/Batch/RetailCustomer/${authorization}`])
    for (const address of list) expect((await kit.get(address, access)).status).toBe(200)
    await store() // the same again changes nothing
    await round()
    expect(lists()).toHaveLength(1)
    expect(await told(client)).toMatchObject({ notify_log: [{ status: 200, error: null, resources: 2 }] })
  })

  it('is told of all customers in one list, and of each once, however much has changed', async () => {
    const client = await letIn()
    const other = await seedAuthorization(kit.api.database.db, kit.api.ours)
    await admin(`update authorizations set customer_email = 'other@customer.example' where authorization_uid = $1`, [
      other,
    ])
    await admin(
      `insert into client_consents (authorization_uid, consent_no, company_uid, client_uid, client_name, data_classes, history_start, ends,
         scope, text_version, text_hash, text_shown, language, agreed)
       select $1, 1, company_uid, client_uid, client_name, data_classes, history_start, ends, scope, text_version, text_hash,
         text_shown, language, agreed from client_consents where client_uid = $2`,
      [other, client.uid],
    )
    for (const uid of [authorization, other, authorization]) await owe(['intervals', 'bills'], uid)
    await round()
    expect(lists()).toEqual([[`/Batch/Subscription/${authorization}`, `/Batch/Subscription/${other}`]])
  })

  it('is told of nothing that the customer did not agree to', async () => {
    await letIn('FB=4')
    await owe(['bills'])
    await round()
    expect(lists()).toEqual([])
    await owe(['meters', 'intervals'])
    await round()
    expect(lists()).toEqual([[`/Batch/Subscription/${authorization}`]])
  })

  it('is told nothing of who has stopped but that; of what the third party ended itself not even that', async () => {
    await letIn()
    await owe(['intervals'])
    await stopByMail()
    await owe(['intervals'])
    await round()
    expect(lists()).toEqual([[`/Authorization/${authorization}`]])

    const client = await kit.register({ notify_uri: third.url('/') })
    const { access } = await kit.tokens(client)
    expect((await kit.get(`/Authorization/${authorization}`, access, 'DELETE')).status).toBe(200)
    await owe(['intervals'])
    await round()
    expect(lists()).toHaveLength(1)
  })

  it('that has no address, or is another company’s, is told nothing', async () => {
    await kit.tokens(await kit.register())
    await kit.register({ notify_uri: third.url('/') }, 'token-theirs')
    await owe(['intervals'])
    await round()
    expect(third.received).toEqual([])
    expect(await admin('select from client_notices')).toEqual([])
  })
})

describe('the end of an agreement', () => {
  it('is told when the customer stops it by the mailed link, and its Authorization says so', async () => {
    const client = await letIn()
    await stopByMail()
    await round()
    expect(lists()).toEqual([[`/Authorization/${authorization}`]])
    const { body } = await kit.token(client, { grant_type: 'client_credentials' })
    const answer = await kit.get(`/Authorization/${authorization}`, String(body['access_token']))
    expect(answer.text).toContain('<status>0</status>')
  })

  it('is told when its day has come, and when the customer makes the share end sooner', async () => {
    const { uid } = await letIn(`FB=4_16;PreferredAuthEndDate=${kit.clock.ms / 1000 + 86_400}`)
    await round()
    expect(lists()).toEqual([])
    await kit.api.database.db.operator((tx) =>
      shortenAuthorization(tx, {
        authorizationUid: authorization,
        expires: new Date(kit.clock.ms + 20 * 86_400_000),
        now: now(),
      }),
    )
    await round()
    await round(25 * 60)
    await round()
    expect(lists()).toEqual([[`/Authorization/${authorization}`], [`/Authorization/${authorization}`]])
    expect(await admin('select ended_by from client_consents where client_uid = $1', [uid])).toEqual([
      { ended_by: 'system' },
    ])
  })

  it('is told when the share that it stands on ends', async () => {
    const uid = await seedAuthorization(kit.api.database.db, kit.api.ours, { now: now() })
    await admin(`update authorizations set customer_email = 'only@customer.example' where authorization_uid = $1`, [
      uid,
    ])
    const client = await kit.register({ notify_uri: third.url('/') })
    const { browser, page } = await kit.toConsent(client, {}, 'only@customer.example')
    await browser.submit(page, /allow/i)
    await kit.api.database.db.operator((tx) =>
      transition(tx, uid, 'revoked', { by: 'customer', reason: 'revoked_by_customer', now: now() }),
    )
    await owe(['intervals'], uid)
    await round()
    expect(lists()).toEqual([[`/Authorization/${uid}`]])
  })
})

describe('an address that does not take it', () => {
  it('is tried again, less and less often, with what is true by then', async () => {
    const client = await letIn()
    third.answer(answering(500))
    await owe(['intervals'])
    await round()
    await round(2)
    await round(4) // the pause is five minutes
    expect(third.received).toHaveLength(2)
    await owe(['authorization'])
    third.answer(WELL)
    await round(2)
    expect(lists().at(-1)).toEqual([`/Batch/Subscription/${authorization}`, `/Authorization/${authorization}`])
    await round(60)
    expect(third.received).toHaveLength(3)
    expect(await told(client)).toMatchObject({
      notify_failing_since: null,
      notify_log: [{ status: 200 }, { status: 500 }, { status: 500 }],
    })
  })

  it.each([
    ['does not answer', () => undefined, { error: 'timed_out' }],
    ['redirects', answering(307, { location: 'http://127.0.0.1:9/' }), { status: 307 }],
  ] as const)('and %s has failed, and holds up no other', async (_what, how, line) => {
    const dead = await letIn('', '/dead')
    await letIn('', '/well')
    third.answer((response, received) =>
      received.path === '/dead' ? how(response, received) : WELL(response, received),
    )
    await owe(['intervals'])
    await round()
    expect(third.received.map(({ path }) => path).toSorted()).toEqual(['/dead', '/well'])
    expect(await told(dead)).toMatchObject({ notify_log: [line] })
  })

  it('as it became private is not connected to', async () => {
    const client = await letIn()
    await admin(`update clients set notify_uri = 'https://10.0.0.1/'`)
    await owe(['intervals'])
    await round()
    expect(await told(client)).toMatchObject({ notify_log: [{ status: null, error: 'not_public' }] })
    expect(
      (await kit.api.send('PATCH', `/api/v3/clients/${client.uid}`, { notify_uri: 'https://10.0.0.1/' })).status,
    ).toBe(400)
  })

  it('as it is gone, or has failed for five days, is given up with a mail; given again, it is told', async () => {
    const client = await letIn()
    third.answer(answering(410))
    await owe(['intervals'])
    await round()
    expect(await told(client)).toMatchObject({ notify_state: 'disabled', notify_state_reason: 'gone' })
    await owe(['bills'])
    await round(600)
    expect(third.received).toHaveLength(1)
    third.answer(answering(503))
    const again = { notify_uri: third.url('/again') }
    expect((await kit.api.send('PATCH', `/api/v3/clients/${client.uid}`, again)).body).toMatchObject({
      notify_state: 'enabled',
      notify_state_reason: null,
    })
    for (let day = 0; day < 7; day++) await round(24 * 60)
    expect(await told(client)).toMatchObject({ notify_state: 'disabled', notify_state_reason: 'failing' })
    expect(await admin(`select count(*)::int as n from mails where kind = 'client_notices_off'`)).toEqual([{ n: 2 }])
    third.answer(WELL)
    await kit.api.send('PATCH', `/api/v3/clients/${client.uid}`, again)
    await round()
    expect(lists().at(-1)).toEqual([`/Batch/Subscription/${authorization}`])
  })
})

describe('a list', () => {
  const consent = {
    consentNo: 1,
    companyUid: '1',
    clientUid: '2',
    scope: '',
    utility: 'DEMO',
    status: 'updated',
  } as const
  const running = (count: number) =>
    Array.from({ length: count }, (_each, at) => {
      const times = { historyStart: NOW, ends: NOW, agreed: NOW }
      return { ...consent, ...times, authorizationUid: String(at), dataClasses: ['intervals' as const] }
    })

  it('has 500 addresses at most; the rest follows', () => {
    const notices = Array.from({ length: 1200 }, (_each, at) => {
      return { noticeUid: String(at), authorizationUid: String(Math.floor(at / 2)), kind: 'intervals' as const }
    })
    const first = planList('u:', notices, running(600))
    expect([first.resources.length, first.isFull]).toEqual([500, true])
    const rest = planList(
      'u:',
      notices.filter(({ noticeUid }) => !first.noticeUids.includes(noticeUid)),
      running(600),
    )
    expect(rest.isFull).toBe(false)
    expect(new Set([...first.resources, ...rest.resources]).size).toBe(600)
    expect(first.noticeUids.length + rest.noticeUids.length).toBe(1200)
  })

  it('that nobody takes does not grow: what is owed twice is kept once, and 30 days', async () => {
    await letIn()
    for (let i = 0; i < 3; i++) await owe(['intervals', 'bills'])
    const purge = async (before: Date) => {
      await kit.api.database.db.operator((tx) => purgeNotices(tx, before))
      return await admin('select kind from client_notices order by kind')
    }
    expect(await purge(new Date(kit.clock.ms - 1))).toEqual([{ kind: 'bills' }, { kind: 'intervals' }])
    expect(await purge(new Date(kit.clock.ms + 1))).toEqual([])
  })
})
