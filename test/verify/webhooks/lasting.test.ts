import { readFileSync } from 'node:fs'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { purgeOldDeliveries } from '../../../src/webhooks/jobs.ts'
import { resendDeliveries } from '../../../src/storage/deliveries.ts'
import { appendEvent } from '../../../src/storage/events.ts'
import { resendSpan } from '../../../src/storage/resend-events.ts'
import { addEndpoint } from '../../../src/webhooks/add-endpoint.ts'
import { deleteEndpoint, editEndpoint } from '../../../src/storage/webhook-endpoints.ts'
import { seedAuthorization, seedCompany } from '../../database.ts'
import { sized } from '../size.ts'
import { answering, type Kit, openKit, WELL } from '../../webhook-kit.ts'

const byText = (a: string, b: string): number => (a < b ? -1 : 1)
const HOUR = 3_600_000
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined }

let kit: Kit
beforeEach(async () => void (kit = await openKit(1500)))
afterEach(async () => await kit.close())

const ids = (): string[] => kit.received.map(({ headers }) => headers['webhook-id'] ?? '')

/** A teller that takes what is due, is heard of or not, and never comes back to settle it. */
async function dieTelling({ openDeliverer }: Kit, isHeard: boolean): Promise<void> {
  await new Promise<void>((died) => {
    const dying = openDeliverer({
      async send(address, body, headers) {
        if (isHeard) await fetch(address, { method: 'POST', body, headers })
        died()
        return await new Promise<never>(() => undefined)
      },
      close: () => Promise.resolve(),
    })
    dying.ring()
  })
}

describe('isolation', () => {
  it('31: five dead endpoints of fifty hold up none of the others', async () => {
    for (let at = 0; at < 50; at++) await kit.add(at < 5 ? `/dead${at}` : `/well${at}`)
    const answered: string[] = []
    kit.answer((response, { path }) => {
      if (path.startsWith('/dead')) return
      answered.push(path)
      response.writeHead(200).end()
    })
    const events = sized(200, 20)
    for (let at = 0; at < events; at++) await kit.event()
    await kit.deliverer.idle()
    expect(answered).toHaveLength(45 * events)
    const failed = (await kit.log()).filter(({ state }) => state === 'owed')
    expect(new Set(failed.map(({ log }) => log[0]?.error))).toEqual(new Set(['timed_out']))
  })

  it('32: an endpoint has four attempts in work at most', async () => {
    await kit.add('/')
    let [open, most] = [0, 0]
    kit.answer((response) => {
      open++
      most = Math.max(most, open)
      setTimeout(() => {
        open--
        response.writeHead(200).end()
      }, 10)
    })
    for (let at = 0; at < 40; at++) await kit.event()
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(40)
    expect(most).toBe(4)
  })

  it("33: a company with a long queue does not keep another's news back", async () => {
    await kit.add('/long')
    const { companyUid } = await seedCompany(kit.database.db)
    await addEndpoint(kit.deps, companyUid, { url: kit.url('/short'), description: '', eventTypes: null })
    for (let at = 0; at < 300; at++) await kit.event()
    await kit.event('ping', companyUid)
    await kit.deliverer.idle()
    const order = kit.received.map(({ path }) => path)
    expect(order).toHaveLength(301)
    expect(order.indexOf('/short')).toBeLessThan(30)
  })

  it('34: a paused endpoint is told nothing, and afterwards what it missed', async () => {
    const { endpointUid } = await kit.add('/')
    const set = async (state: 'paused' | 'enabled') =>
      await kit.database.db.company(kit.companyUid, (tx) => editEndpoint(tx, endpointUid, { state }, kit.now()))
    await set('paused')
    await kit.event()
    await kit.deliverer.idle()
    expect(kit.received).toEqual([])
    await set('enabled')
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(1)
  })
})

describe('recovery', () => {
  it('35: one event is sent again, under its id', async () => {
    const { endpointUid } = await kit.add('/')
    const uid = await kit.event()
    await kit.deliverer.idle()
    const again = { events: [{ eventUid: uid, authorizationUid: '0' }], now: kit.now() }
    await kit.database.db.company(kit.companyUid, (tx) => resendDeliveries(tx, endpointUid, again))
    await kit.deliverer.idle()
    expect(ids()).toEqual([`msg_${uid}`, `msg_${uid}`])
  })

  it('36: a span of time is sent again, and nothing outside of it', async () => {
    const { endpointUid } = await kit.add('/')
    const sent: string[] = []
    for (let hour = 0; hour < 10; hour++) {
      sent.push(await kit.event())
      kit.forward(HOUR)
    }
    await kit.deliverer.idle()
    kit.received.length = 0
    const [since, until] = [8.5, 4.5].map((hours) => new Date(kit.now().getTime() - hours * HOUR))
    if (!since || !until) throw new Error('no span')
    await kit.database.db.company(kit.companyUid, (tx) => resendSpan(tx, endpointUid, { since, until, now: kit.now() }))
    await kit.deliverer.idle()
    expect(ids().toSorted(byText)).toEqual(
      sent
        .slice(2, 6)
        .map((uid) => `msg_${uid}`)
        .toSorted(),
    )
  })

  it('37: an outage of three days loses nothing', async () => {
    await kit.add('/')
    kit.answer(answering(503))
    const sent: string[] = []
    for (let hour = 0; hour < 72; hour += 4) {
      sent.push(await kit.event())
      await kit.deliverer.idle()
      kit.forward(4 * HOUR)
    }
    kit.answer(WELL)
    kit.received.length = 0
    kit.forward(29 * HOUR)
    await kit.deliverer.idle()
    expect(ids().toSorted(byText)).toEqual(sent.map((uid) => `msg_${uid}`).toSorted(byText))
  })

  it('38: what comes twice has the same id', async () => {
    await kit.add('/')
    for (let at = 0; at < 20; at++) await kit.event()
    const other = kit.openDeliverer()
    await Promise.all([kit.deliverer.idle(), other.idle()])
    await kit.database.admin(`update deliveries set state = 'owed', next_try = $1 where event_uid % 2 = 0`, [kit.now()])
    await Promise.all([kit.deliverer.idle(), other.idle()])
    await other.close()
    expect(ids().length).toBeGreaterThan(20)
    expect(new Set(ids()).size).toBe(20)
  })

  it('39: order is not promised, and the page for programmers says so', () => {
    const page = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8')
    expect(page).toMatch(/order/i)
  })

  it('40: the log and the right to have events again last for 30 days', async () => {
    await kit.add('/')
    await kit.event()
    await kit.deliverer.idle()
    const purge = async (): Promise<number> => {
      const { db } = kit.database
      const { now } = kit
      await purgeOldDeliveries.run({}, { db, now, signal: new AbortController().signal, log: SILENT })
      return (await kit.log()).length
    }
    kit.forward(30 * 24 * HOUR - 1)
    expect(await purge()).toBe(1)
    kit.forward(2)
    expect(await purge()).toBe(0)
  })
})

describe('the outbox', () => {
  it(`41: of ${sized(1000, 100)} changes, some rolled back, those are told that were kept`, async () => {
    await kit.add('/')
    const kept: string[] = []
    const { companyUid, database, now } = kit
    for (let at = 0; at < sized(1000, 100); at++) {
      const isKept = (at * 7919) % 3 !== 0
      const change = database.db.company(companyUid, async (tx) => {
        const uid = await appendEvent(tx, { type: 'ping', companyUid, now: now() })
        if (!isKept) throw new Error('rolled back')
        kept.push(uid)
      })
      const outcome = await change.catch((error: Error) => error.message)
      expect(outcome).toBe(isKept ? undefined : 'rolled back')
    }
    await kit.deliverer.idle()
    expect(ids().toSorted(byText)).toEqual(kept.map((uid) => `msg_${uid}`).toSorted(byText))
  })

  it(`42: ${sized(1000, 100)} changes whose tellers die at any moment are each told once or more`, async () => {
    await kit.add('/')
    const sent: string[] = []
    for (let at = 0; at < sized(1000, 100); at++) {
      sent.push(await kit.event())
      if (at % 10 !== 9) continue
      // A process that dies before, or after, the receiver has it: what it took is never settled.
      const isHeard = at % 20 === 9
      await dieTelling(kit, isHeard)
      expect(kit.received.length > 0).toBe(isHeard || at > 9)
      kit.forward(60_001)
    }
    await kit.deliverer.idle()
    expect([...new Set(ids())].toSorted(byText)).toEqual(sent.map((uid) => `msg_${uid}`).toSorted(byText))
  })

  it('43: an event carries ids, type and time: no reading, name or address', async () => {
    await kit.add('/')
    const { database, companyUid, now } = kit
    const seed = await seedCompany(database.db)
    const authorizationUid = await seedAuthorization(database.db, { ...seed, companyUid })
    const details = { customer_name: 'Carla Customer', kwh: 4711.375, address: '1 Main St' }
    await database.db.operator((tx) =>
      appendEvent(tx, { type: 'authorization_created', authorizationUid, now: now(), details }),
    )
    await kit.deliverer.idle()
    const { events } = JSON.parse(kit.received[0]?.body ?? '{}')
    const allowed = [
      'uid',
      'type',
      'ts',
      'delivery_method',
      'delivery_target',
      'is_delivered',
      'authorization_uid',
      'form_uid',
    ]
    expect(Object.keys(events[0]).filter((key) => !allowed.includes(key))).toEqual([])
    expect(kit.received[0]?.body).not.toMatch(/Carla|Main St|4711/)
  })

  it('44: a body is 20 kB at most, whatever the address of its endpoint', async () => {
    await kit.add(`/${'x'.repeat(1900)}`)
    await kit.event('meter_historical_collection_finished_successful')
    await kit.deliverer.idle()
    expect(Buffer.byteLength(kit.received[0]?.body ?? '')).toBeGreaterThan(100)
    expect(Buffer.byteLength(kit.received[0]?.body ?? '')).toBeLessThan(20_000)
  })
})

describe('tenancy', () => {
  it('45: a deleted endpoint is told nothing after the attempt that runs', async () => {
    const { endpointUid } = await kit.add('/')
    kit.answer(answering(500))
    await kit.event()
    await kit.deliverer.idle()
    await kit.database.db.company(kit.companyUid, (tx) => deleteEndpoint(tx, endpointUid))
    kit.forward(240 * HOUR)
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(1)
  })

  it('46: what was deleted with its authorization is told no more, and not tried for ever', async () => {
    await kit.add('/')
    kit.answer(answering(500))
    await kit.event()
    await kit.deliverer.idle()
    await kit.database.admin('delete from events')
    kit.forward(5000)
    await kit.deliverer.idle()
    kit.forward(240 * HOUR)
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(1)
    expect((await kit.log())[0]).toMatchObject({
      state: 'given_up',
      log: [{ status: 500 }, { error: 'event_deleted' }],
    })
  })
})
