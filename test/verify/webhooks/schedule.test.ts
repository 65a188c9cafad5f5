import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { editEndpoint } from '../../../src/storage/webhook-endpoints.ts'
import { judgeAnswer, RETRY_AFTER_MS } from '../../../src/webhooks/judge-answer.ts'
import { answering, type Kit, openKit, WELL } from '../../webhook-kit.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let kit: Kit
beforeEach(async () => void (kit = await openKit()))
afterEach(async () => await kit.close())

describe('the schedule', () => {
  it('13: 0, 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h, then no more', async () => {
    await kit.add('/')
    kit.answer(answering(500))
    await kit.event('ping')
    const pauses = [5000, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR]
    await kit.deliverer.idle()
    for (const [at, pause] of pauses.entries()) {
      kit.forward(pause - 1)
      await kit.deliverer.idle()
      expect(kit.received).toHaveLength(at + 1)
      kit.forward(1)
      await kit.deliverer.idle()
      expect(kit.received).toHaveLength(at + 2)
    }
    kit.forward(240 * HOUR)
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(10)
    expect((await kit.log())[0]).toMatchObject({ state: 'given_up', attempts: 10 })
  })

  it('14: each pause within its jitter: never earlier, a fifth later at most', () => {
    const now = new Date()
    for (const [at, pause] of RETRY_AFTER_MS.entries())
      for (let draw = 0; draw < 1000; draw++) {
        const { nextTry } = judgeAnswer({ status: 500, retryAfter: null }, at + 1, { now, random: () => draw / 1000 })
        const waited = (nextTry?.getTime() ?? 0) - now.getTime()
        expect(waited >= pause && waited <= pause * 1.2).toBe(true)
      }
  })

  it.each([
    ['15: Retry-After in seconds', '900', 15 * MINUTE],
    ['16: Retry-After as a date', (now: Date) => new Date(now.getTime() + HOUR).toUTCString(), HOUR],
    ['17: Retry-After of a century is a day', '3155692600', 24 * HOUR],
  ])('%s', async (_what, asked, pause) => {
    await kit.add('/')
    kit.answer(answering(503, { 'retry-after': typeof asked === 'string' ? asked : asked(kit.now()) }))
    await kit.event()
    await kit.deliverer.idle()
    kit.answer(WELL)
    kit.forward(pause - 1001) // a date has whole seconds
    await kit.event()
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(1)
    kit.forward(1001)
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(3)
  })

  it('18: 410 switches the endpoint off, with a mail', async () => {
    await kit.add('/')
    kit.answer(answering(410))
    await kit.event()
    await kit.deliverer.idle()
    await kit.event()
    kit.forward(HOUR)
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(1)
    expect(await kit.endpoint()).toMatchObject({ state: 'disabled', stateReason: 'gone' })
    expect(await kit.database.admin('select kind from mails')).toEqual([{ kind: 'webhook_disabled' }])
  })

  it.each([429, 502, 504])('19: %i slows the endpoint, whatever else it is owed', async (status) => {
    await kit.add('/')
    kit.answer(answering(status))
    await kit.event()
    await kit.deliverer.idle()
    kit.answer(WELL)
    await kit.event()
    kit.forward(MINUTE - 1)
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(1)
    kit.forward(1)
    await kit.deliverer.idle()
    expect(kit.received).toHaveLength(3)
  })

  it('20: five days of failure switch it off and tell the company, by mail and in what it lists', async () => {
    await kit.add('/')
    kit.answer(answering(500))
    for (let hour = 0; hour <= 5 * 24; hour += 6) {
      await kit.event()
      await kit.deliverer.idle()
      kit.forward(6 * HOUR)
    }
    expect(await kit.endpoint()).toMatchObject({ state: 'disabled', stateReason: 'failing' })
    expect(await kit.database.admin('select kind from mails')).toEqual([{ kind: 'webhook_disabled' }])
    const { companyUid, database, now } = kit
    const endpointUid = (await kit.endpoint())?.endpointUid ?? ''
    await database.db.company(companyUid, (tx) => editEndpoint(tx, endpointUid, { state: 'enabled' }, now()))
    expect(await kit.endpoint()).toMatchObject({ state: 'enabled', stateReason: null, failingSince: null })
  })
})
