import { randomBytes } from 'node:crypto'
import { createServer, type Server, type ServerResponse } from 'node:http'

import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { renderEvent } from '../api/render/event.ts'
import type { Uid } from '../model/uid.ts'
import { listDeliveries, resendDeliveries } from '../storage/deliveries.ts'
import { appendEvent } from '../storage/events.ts'
import { listEventPage } from '../storage/list-event-page.ts'
import { openEnvelope } from '../storage/secrets.ts'
import { deleteEndpoint, editEndpoint, listEndpoints } from '../storage/webhook-endpoints.ts'
import { addEndpoint } from './add-endpoint.ts'
import { type Deliverer, openDeliverer } from './deliverer.ts'
import { openSender } from './send-delivery.ts'
import { tellDisabled } from './tell-disabled.ts'

type Received = { path: string; headers: Record<string, string>; body: string }

const clock = { ms: 0 }
const now = (): Date => new Date(clock.ms)
const envelope = openEnvelope(randomBytes(32))
const allowed = ['127.0.0.0/8']

let database: TestDatabase
let companyUid: Uid
let receiver: Server
let received: Received[]
let answer: (response: ServerResponse, received: Received) => void
let deliverer: Deliverer

beforeEach(async () => {
  clock.ms = Date.now() // an independent receiver refuses what is old
  database = await testDatabase()
  ;({ companyUid } = await seedCompany(database.db))
  received = []
  answer = (response) => void response.writeHead(200).end()
  receiver = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => void parts.push(part))
    request.on('end', () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
      const one = { path: request.url ?? '', headers, body: Buffer.concat(parts).toString() }
      received.push(one)
      answer(response, one)
    })
  })
  await new Promise<void>((done) => void receiver.listen(0, '127.0.0.1', done))
  deliverer = openOne()
})

afterEach(async () => {
  await deliverer.close()
  receiver.closeAllConnections()
  await new Promise((done) => receiver.close(done))
  await database.close()
})

function openOne(): Deliverer {
  return openDeliverer({
    ...{ db: database.db, envelope, now, random: () => 0, render: renderEvent },
    sender: openSender(allowed, () => Promise.resolve([]), 500),
    tellDisabled: (tx, endpoint) => tellDisabled(tx, endpoint, now()),
    every: () => () => undefined,
    log: () => undefined,
  })
}

function urlOf(path: string): string {
  const address = receiver.address()
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}${path}`
}

const add = async (path: string, eventTypes: string[] | null = null) =>
  await addEndpoint(
    { db: database.db, envelope, allowed, lookup: () => Promise.resolve([]), random: randomBytes, now },
    companyUid,
    { url: urlOf(path), description: '', eventTypes },
  )
const event = async (type: string): Promise<Uid> =>
  await database.db.company(companyUid, (tx) => appendEvent(tx, { type, companyUid, now: now() }))
const log = async () => await database.db.company(companyUid, (tx) => listDeliveries(tx, { limit: 100 }))
const events = async () =>
  (
    await database.db.company(companyUid, (tx) =>
      listEventPage(tx, { uids: null, isDelivered: null, after: null, limit: 10 }),
    )
  ).rows
const paths = (): string[] => received.map(({ path }) => path).toSorted()

describe('an event', () => {
  it('reaches each endpoint that wants it, signed, with ids, type and time alone', async () => {
    const all = await add('/all')
    await add('/forms', ['form_created'])
    const uid = await event('ping')
    await deliverer.idle()
    expect(paths()).toEqual(['/all'])
    const { body = '', headers = {} } = received[0] ?? {}
    expect(new Webhook(all.secret).verify(body, headers)).toEqual({
      events: [
        {
          uid,
          type: 'ping',
          ts: now().toISOString().replace('Z', '000+00:00'),
          delivery_method: 'webhook',
          delivery_target: urlOf('/all'),
          is_delivered: false,
        },
      ],
      next: null,
    })
    expect(body).toBe(JSON.stringify(JSON.parse(body), null, 4))
    expect(headers['content-type']).toBe('application/json')
    expect(headers['webhook-id']).toBe(`msg_${uid}`)
    expect((await events())[0]).toMatchObject({ isDelivered: true, details: { delivery_target: urlOf('/all') } })
    await event('form_created')
    await deliverer.idle()
    expect(paths()).toEqual(['/all', '/all', '/forms'])
  })

  it('of a transaction that is rolled back is told to nobody', async () => {
    await add('/')
    const failing = database.db.company(companyUid, async (tx) => {
      await appendEvent(tx, { type: 'ping', companyUid, now: now() })
      throw new Error('rolled back')
    })
    await expect(failing).rejects.toThrow('rolled back')
    await deliverer.idle()
    expect(received).toEqual([])
  })

  it('that fails is tried again by the schedule under the same id, at a later time', async () => {
    await add('/')
    answer = (response) => void response.writeHead(received.length < 3 ? 500 : 204).end()
    await event('ping')
    await deliverer.idle()
    clock.ms += 4999
    await deliverer.idle()
    expect(received).toHaveLength(1)
    clock.ms += 1
    await deliverer.idle()
    clock.ms += 300_000
    await deliverer.idle()
    expect(received).toHaveLength(3)
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(received.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(3)
    const [delivery] = await log()
    expect(delivery).toMatchObject({ state: 'delivered', attempts: 3 })
    expect(delivery?.log.map(({ status }) => status)).toEqual([500, 500, 204])
  })

  it('whose process died in the middle of an attempt is tried again', async () => {
    await add('/')
    await event('ping')
    await database.admin(`update deliveries set attempts = 1, next_try = $1`, [new Date(clock.ms + 60_000)])
    await deliverer.idle()
    expect(received).toEqual([])
    clock.ms += 60_000
    await deliverer.idle()
    expect(received).toHaveLength(1)
  })

  it('is told once when two processes look at once', async () => {
    await add('/')
    for (let i = 0; i < 20; i++) await event('ping')
    const other = openOne()
    await Promise.all([deliverer.idle(), other.idle()])
    await Promise.all([deliverer.idle(), other.idle()])
    await other.close()
    expect(received).toHaveLength(20)
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(20)
  })

  it('can be sent again, under its id', async () => {
    const { endpointUid } = await add('/')
    const uid = await event('ping')
    await deliverer.idle()
    const again = { events: [{ eventUid: uid, authorizationUid: '0' }], now: now() }
    expect(await database.db.company(companyUid, (tx) => resendDeliveries(tx, endpointUid, again))).toBe(1)
    await deliverer.idle()
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual([`msg_${uid}`, `msg_${uid}`])
  })
})

describe('an endpoint', () => {
  it.each([
    ['does not answer in time', () => undefined, 'timed_out'],
    ['drips', (response: ServerResponse) => void response.writeHead(200).write('x'), 'timed_out'],
    ['resets', (response: ServerResponse) => void response.socket?.destroy(), 'UND_ERR_SOCKET'],
  ])('that %s has failed', async (_what, behave, error) => {
    await add('/')
    answer = behave
    await event('ping')
    await deliverer.idle()
    expect((await log())[0]).toMatchObject({ state: 'owed', log: [{ status: null, error }] })
  })

  it('that redirects is not followed', async () => {
    await add('/')
    answer = (response) => void response.writeHead(307, { location: urlOf('/elsewhere') }).end()
    await event('ping')
    await deliverer.idle()
    expect(paths()).toEqual(['/'])
    expect((await log())[0]).toMatchObject({ state: 'owed', log: [{ status: 307 }] })
  })

  it('that is gone is switched off, with a mail; enabled again, what was owed meanwhile is told', async () => {
    const { endpointUid } = await add('/')
    answer = (response) => void response.writeHead(410).end()
    await event('ping')
    await deliverer.idle()
    const [endpoint] = await database.db.company(companyUid, (tx) => listEndpoints(tx))
    expect(endpoint).toMatchObject({ state: 'disabled', stateReason: 'gone' })
    const mails = await database.admin(`select kind, recipient from mails`)
    expect(mails).toMatchObject([{ kind: 'webhook_disabled' }])
    await event('ping')
    await database.db.company(companyUid, (tx) => editEndpoint(tx, endpointUid, { state: 'enabled' }, now()))
    answer = (response) => void response.writeHead(200).end()
    await event('ping')
    await deliverer.idle()
    expect((await log()).map(({ state }) => state)).toEqual(['delivered', 'delivered', 'given_up'])
  })

  it('that fails for five days is switched off; one that is well in between is not', async () => {
    await add('/')
    answer = (response) => void response.writeHead(500).end()
    await event('ping')
    const failFor = async (days: number) => {
      for (let hour = 0; hour < days * 24; hour += 6) {
        clock.ms += 6 * 3_600_000
        await event('ping')
        await deliverer.idle()
      }
      return (await database.db.company(companyUid, (tx) => listEndpoints(tx)))[0]?.state
    }
    expect(await failFor(4)).toBe('enabled')
    answer = (response) => void response.writeHead(200).end()
    expect(await failFor(1)).toBe('enabled')
    answer = (response) => void response.writeHead(500).end()
    expect(await failFor(4)).toBe('enabled')
    expect(await failFor(2)).toBe('disabled')
  })

  it('that is paused keeps what it is owed; one that is deleted is told nothing more', async () => {
    const { endpointUid } = await add('/')
    const edit = async (state: 'enabled' | 'paused') =>
      await database.db.company(companyUid, (tx) => editEndpoint(tx, endpointUid, { state }, now()))
    await edit('paused')
    await event('ping')
    await deliverer.idle()
    expect(received).toEqual([])
    await edit('enabled')
    await deliverer.idle()
    expect(received).toHaveLength(1)
    await event('ping')
    await database.db.company(companyUid, (tx) => deleteEndpoint(tx, endpointUid))
    await deliverer.idle()
    expect(received).toHaveLength(1)
  })

  it('that asks for less is left alone so long, whatever else is owed to it', async () => {
    await add('/')
    answer = (response) => void response.writeHead(429, { 'retry-after': '120' }).end()
    await event('ping')
    await deliverer.idle()
    await event('ping')
    clock.ms += 119_999
    await deliverer.idle()
    expect(received).toHaveLength(1)
    clock.ms += 1
    answer = (response) => void response.writeHead(200).end()
    await deliverer.idle()
    expect(received).toHaveLength(3)
  })

  it('that does not answer holds up no other', async () => {
    await add('/dead')
    await add('/well')
    answer = (response, { path }) => void (path === '/well' && response.writeHead(200).end())
    for (let i = 0; i < 40; i++) await event('ping')
    await deliverer.idle()
    const wells = (await log()).filter(({ state }) => state === 'delivered')
    expect(wells).toHaveLength(40)
    expect(paths().filter((path) => path === '/dead').length).toBeGreaterThan(0)
  })

  it('of another company hears nothing, and is not seen', async () => {
    await add('/')
    const other = await seedCompany(database.db)
    await database.db.company(other.companyUid, (tx) =>
      appendEvent(tx, { type: 'ping', companyUid: other.companyUid, now: now() }),
    )
    await deliverer.idle()
    expect(received).toEqual([])
    expect(await database.db.company(other.companyUid, (tx) => listEndpoints(tx))).toEqual([])
  })

  it('whose address became private is not connected to', async () => {
    await add('/')
    await database.admin(`update webhook_endpoints set url = 'https://10.0.0.1/'`)
    await event('ping')
    await deliverer.idle()
    expect((await log())[0]).toMatchObject({ log: [{ status: null, error: 'not_public' }] })
  })
})
