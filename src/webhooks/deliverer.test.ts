import type { ServerResponse } from 'node:http'

import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { seedCompany } from '../../test/database.ts'
import { answering, type Kit, openKit, WELL } from '../../test/webhook-kit.ts'
import { listEventPage } from '../storage/list-event-page.ts'
import { resendDeliveries } from '../storage/deliveries.ts'
import { appendEvent } from '../storage/events.ts'
import { deleteEndpoint, editEndpoint, listEndpoints } from '../storage/webhook-endpoints.ts'

let kit: Kit
beforeEach(async () => void (kit = await openKit()))
afterEach(async () => await kit.close())

const events = async () =>
  (
    await kit.database.db.company(kit.companyUid, (tx) =>
      listEventPage(tx, { uids: null, isDelivered: null, after: null, limit: 10 }),
    )
  ).rows
const paths = (): string[] => kit.received.map(({ path }) => path).toSorted()

describe('an event', () => {
  it('reaches each endpoint that wants it, signed, with ids, type and time alone', async () => {
    const all = await kit.add('/all')
    await kit.add('/forms', ['form_created'])
    const uid = await kit.event('ping')
    await kit.deliverer.idle()
    expect(paths()).toEqual(['/all'])
    const { body = '', headers = {} } = kit.received[0] ?? {}
    expect(new Webhook(all.secret).verify(body, headers)).toEqual({
      events: [
        {
          uid,
          type: 'ping',
          ts: kit.now().toISOString().replace('Z', '000+00:00'),
          delivery_method: 'webhook',
          delivery_target: kit.url('/all'),
          is_delivered: false,
        },
      ],
      next: null,
    })
    expect(body).toBe(JSON.stringify(JSON.parse(body), null, 4))
    expect(headers['content-type']).toBe('application/json')
    expect(headers['webhook-id']).toBe(`msg_${uid}`)
    expect((await events())[0]).toMatchObject({ isDelivered: true, details: { delivery_target: kit.url('/all') } })
    await kit.event('form_created')
    await kit.deliverer.idle()
    expect(paths()).toEqual(['/all', '/all', '/forms'])
  })

  it('of a transaction that is rolled back is told to nobody', async () => {
    await kit.add('/')
    const failing = kit.database.db.company(kit.companyUid, async (tx) => {
      await appendEvent(tx, { type: 'ping', companyUid: kit.companyUid, now: kit.now() })
      throw new Error('rolled back')
    })
    await expect(failing).rejects.toThrow('rolled back')
    await kit.deliverer.idle()
    expect(kit.received).toEqual([])
  })

  it('that fails is tried again by the schedule under the same id, at a later time', async () => {
    await kit.add('/')
    kit.answer((response) => void response.writeHead(kit.received.length < 3 ? 500 : 204).end())
    await kit.event('ping')
    await kit.deliverer.idle()
    kit.forward(4999)
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(1)
    kit.forward(1)
    await kit.deliverer.idle()
    kit.forward(300_000)
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(3)
    expect(new Set(kit.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(kit.received.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(3)
    const [delivery] = await kit.log()
    expect(delivery).toMatchObject({ state: 'delivered', attempts: 3 })
    expect(delivery?.log.map(({ status }) => status)).toEqual([500, 500, 204])
  })

  it('whose process died in the middle of an attempt is tried again', async () => {
    await kit.add('/')
    await kit.event('ping')
    await kit.database.admin(`update deliveries set attempts = 1, next_try = $1`, [
      new Date(kit.now().getTime() + 60_000),
    ])
    await kit.deliverer.idle()
    expect(kit.received).toEqual([])
    kit.forward(60_000)
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(1)
  })

  it('is told once when two processes look at once', async () => {
    await kit.add('/')
    for (let i = 0; i < 20; i++) await kit.event('ping')
    const other = kit.openDeliverer()
    await Promise.all([kit.deliverer.idle(), other.idle()])
    await Promise.all([kit.deliverer.idle(), other.idle()])
    await other.close()
    expect(kit.received).toHaveLength(20)
    expect(new Set(kit.received.map(({ headers }) => headers['webhook-id'])).size).toBe(20)
  })

  it('can be sent again, under its id', async () => {
    const { endpointUid } = await kit.add('/')
    const uid = await kit.event('ping')
    await kit.deliverer.idle()
    const again = { events: [{ eventUid: uid, authorizationUid: '0' }], now: kit.now() }
    expect(await kit.database.db.company(kit.companyUid, (tx) => resendDeliveries(tx, endpointUid, again))).toBe(1)
    await kit.deliverer.idle()
    expect(kit.received.map(({ headers }) => headers['webhook-id'])).toEqual([`msg_${uid}`, `msg_${uid}`])
  })
})

describe('an endpoint', () => {
  it.each([
    ['does not answer in time', () => undefined, 'timed_out'],
    ['drips', (response: ServerResponse) => void response.writeHead(200).write('x'), 'timed_out'],
    ['resets', (response: ServerResponse) => void response.socket?.destroy(), 'UND_ERR_SOCKET'],
  ])('that %s has failed', async (_what, behave, error) => {
    await kit.add('/')
    kit.answer(behave)
    await kit.event('ping')
    await kit.deliverer.idle()
    expect((await kit.log())[0]).toMatchObject({ state: 'owed', log: [{ status: null, error }] })
  })

  it('that redirects is not followed', async () => {
    await kit.add('/')
    kit.answer((response) => void response.writeHead(307, { location: kit.url('/elsewhere') }).end())
    await kit.event('ping')
    await kit.deliverer.idle()
    expect(paths()).toEqual(['/'])
    expect((await kit.log())[0]).toMatchObject({ state: 'owed', log: [{ status: 307 }] })
  })

  it('that is gone is switched off, with a mail; enabled again, what was owed meanwhile is told', async () => {
    const { endpointUid } = await kit.add('/')
    kit.answer(answering(410))
    await kit.event('ping')
    await kit.deliverer.idle()
    const [endpoint] = await kit.database.db.company(kit.companyUid, (tx) => listEndpoints(tx))
    expect(endpoint).toMatchObject({ state: 'disabled', stateReason: 'gone' })
    const mails = await kit.database.admin(`select kind, recipient from mails`)
    expect(mails).toMatchObject([{ kind: 'webhook_disabled' }])
    await kit.event('ping')
    await kit.database.db.company(kit.companyUid, (tx) =>
      editEndpoint(tx, endpointUid, { state: 'enabled' }, kit.now()),
    )
    kit.answer(WELL)
    await kit.event('ping')
    await kit.deliverer.idle()
    expect((await kit.log()).map(({ state }) => state)).toEqual(['delivered', 'delivered', 'given_up'])
  })

  it('that fails for five days is switched off; one that is well in between is not', async () => {
    await kit.add('/')
    kit.answer(answering(500))
    await kit.event('ping')
    const failFor = async (days: number) => {
      for (let hour = 0; hour < days * 24; hour += 6) {
        kit.forward(6 * 3_600_000)
        await kit.event('ping')
        await kit.deliverer.idle()
      }
      return (await kit.database.db.company(kit.companyUid, (tx) => listEndpoints(tx)))[0]?.state
    }
    expect(await failFor(4)).toBe('enabled')
    kit.answer(WELL)
    expect(await failFor(1)).toBe('enabled')
    kit.answer(answering(500))
    expect(await failFor(4)).toBe('enabled')
    expect(await failFor(2)).toBe('disabled')
  })

  it('that is paused keeps what it is owed; one that is deleted is told nothing more', async () => {
    const { endpointUid } = await kit.add('/')
    const edit = async (state: 'enabled' | 'paused') =>
      await kit.database.db.company(kit.companyUid, (tx) => editEndpoint(tx, endpointUid, { state }, kit.now()))
    await edit('paused')
    await kit.event('ping')
    await kit.deliverer.idle()
    expect(kit.received).toEqual([])
    await edit('enabled')
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(1)
    await kit.event('ping')
    await kit.database.db.company(kit.companyUid, (tx) => deleteEndpoint(tx, endpointUid))
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(1)
  })

  it('that asks for less is left alone so long, whatever else is owed to it', async () => {
    await kit.add('/')
    kit.answer((response) => void response.writeHead(429, { 'retry-after': '120' }).end())
    await kit.event('ping')
    await kit.deliverer.idle()
    await kit.event('ping')
    kit.forward(119_999)
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(1)
    kit.forward(1)
    kit.answer(WELL)
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(3)
  })

  it('that does not answer holds up no other', async () => {
    await kit.add('/dead')
    await kit.add('/well')
    kit.answer((response, { path }) => void (path === '/well' && response.writeHead(200).end()))
    for (let i = 0; i < 40; i++) await kit.event('ping')
    await kit.deliverer.idle()
    const wells = (await kit.log()).filter(({ state }) => state === 'delivered')
    expect(wells).toHaveLength(40)
    expect(paths().filter((path) => path === '/dead').length).toBeGreaterThan(0)
  })

  it('of another company hears nothing, and is not seen', async () => {
    await kit.add('/')
    const other = await seedCompany(kit.database.db)
    await kit.database.db.company(other.companyUid, (tx) =>
      appendEvent(tx, { type: 'ping', companyUid: other.companyUid, now: kit.now() }),
    )
    await kit.deliverer.idle()
    expect(kit.received).toEqual([])
    expect(await kit.database.db.company(other.companyUid, (tx) => listEndpoints(tx))).toEqual([])
  })

  it('whose address became private is not connected to', async () => {
    await kit.add('/')
    await kit.database.admin(`update webhook_endpoints set url = 'https://10.0.0.1/'`)
    await kit.event('ping')
    await kit.deliverer.idle()
    expect((await kit.log())[0]).toMatchObject({ log: [{ status: null, error: 'not_public' }] })
  })
})
