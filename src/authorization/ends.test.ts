import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { address, granted, type PathBench, pathBench, requestsAt, shared, started } from '../../test/customer-path.ts'
import { queryOf, shareAt } from '../../test/simulated-customer.ts'
import { admin } from '../../simulators/test-client.ts'
import type { Uid } from '../model/uid.ts'
import { insertForm } from '../storage/forms.ts'
import { announceEnds, checkRunningGrants, remindBeforeEnd } from './daily.ts'
import { hashKey, newKey } from './keys.ts'
import { sendMails } from './send-mails.ts'
import { abandonOldGrants, closeStaleFlows, expireAuthorizations, remindUnconfirmed, settleReplaced } from './sweeps.ts'
import { tellUtilities } from './tell-utilities.ts'

let bench: PathBench
beforeAll(async () => {
  bench = await pathBench()
})
afterAll(async () => await bench.close())

const later = (hours: number): void => {
  bench.clock.now = new Date(bench.clock.now.getTime() + hours * 3_600_000)
}
const eventsOf = async (authorizationUid: Uid): Promise<unknown[]> =>
  (
    await bench.database.admin('select type from events where authorization_uid = $1 order by event_uid', [
      authorizationUid,
    ])
  ).map((row) => row['type'])
const stateOf = async (authorizationUid: Uid): Promise<unknown> =>
  (
    await bench.database.admin('select state from authorizations where authorization_uid = $1', [authorizationUid])
  )[0]?.['state']
const grantsOf = async (authorizationUid: Uid): Promise<Record<string, unknown>[]> =>
  await bench.database.admin(
    `select grant_no, tokens is not null has_tokens, ended is not null ended, utility_told is not null told
     from grants where authorization_uid = $1 order by grant_no`,
    [authorizationUid],
  )
const atUtility = async (utility: 'pge' | 'sce' | 'demo'): Promise<number[]> => {
  const all = await admin(bench.simulators[utility], 'GET', '/authorizations')
  return (Array.isArray(all) ? all : []).map((one: { status: number }) => one.status)
}
const tell = async (): Promise<number> => await tellUtilities({ ...bench.deps, tokens: bench.tokens })

describe('confirming', () => {
  it('twice, or twenty times at once, gives the same receipt and one consent', async () => {
    const { flowUid, cookie } = await granted(bench)
    const results = await Promise.all(Array.from({ length: 20 }, () => bench.path.confirm(flowUid, cookie)))
    const uid = bench.owed.at(-1)?.authorizationUid ?? ''
    for (const result of [...results, await bench.path.confirm(flowUid, cookie)]) {
      if ('end' in result) throw new Error(result.end)
      expect(await bench.path.receipt(result.receiptKey, 'en')).toMatchObject({ state: 'active' })
    }
    expect(await eventsOf(uid)).toEqual(['authorization_created'])
    const [count] = await bench.database.admin('select count(*)::int n from consents where authorization_uid = $1', [
      uid,
    ])
    expect(count).toEqual({ n: 1 })
    expect(await bench.path.grant(flowUid, cookie)).toMatchObject({ end: 'already_used' })
  })

  it('asks the utility for nothing but the check of the grant before', async () => {
    const before = (await requestsAt(bench.simulators.pge)).last.length
    await granted(bench, { utility: 'pge', customer: { login: 'shop' } })
    const { last } = await requestsAt(bench.simulators.pge)
    const asked = last.slice(before).map(({ method, target }) => `${method} ${target.replaceAll(/\d{5,}/g, 'N')}`)
    const base = '/GreenButtonConnect/espi/1_1/resource'
    expect(asked.filter((line) => line.includes(base))).toEqual([
      `GET ${base}/Authorization/N`,
      `GET ${base}/Subscription/N/UsagePoint`,
    ])
  })

  it('in Spanish, the consent, receipt and mail are Spanish', async () => {
    const { authorizationUid, receiptKey } = await shared(bench, { at: address({ language: 'es' }) })
    const receipt = await bench.path.receipt(receiptKey, 'es')
    expect(receipt).toMatchObject({ consentText: expect.stringContaining('permite que Test Operator') })
    const [mail] = await bench.database.admin('select * from mails where authorization_uid = $1', [authorizationUid])
    expect(mail).toMatchObject({ kind: 'receipt', subject: expect.stringContaining('Su comprobante') })
  })

  it('the utility’s earlier end counts, and the page says so', async () => {
    const { flowUid, cookie } = await granted(bench, {
      utility: 'pge',
      customer: { login: 'new', changes: { end: 'date', end_date: '2026-12-31' } },
    })
    expect(await bench.path.grant(flowUid, cookie)).toMatchObject({ ends: '2027-07-15', utilityEnds: '2026-12-31' })
    await bench.path.confirm(flowUid, cookie)
    expect(bench.owed.at(-1)?.expires).toEqual(new Date('2027-01-01T08:00:00Z'))
  })

  it('an account without agreements shares nothing', async () => {
    const { redirect, cookie } = await started(bench.path, address({ utilitySlug: 'pge' }))
    const back = await shareAt(redirect, { login: 'empty' })
    expect(await bench.path.callback('pge', queryOf(back), cookie)).toMatchObject({ end: 'nothing_shared' })
  })
})

describe('stopping', () => {
  it('by the receipt’s link: data gone, company told, utility told, mail out, link still shows the receipt', async () => {
    const { authorizationUid, receiptKey } = await shared(bench, { utility: 'pge' })
    await bench.database.admin(
      `insert into meters (authorization_uid, meter_uid, company_uid, usage_point, facts, status_ts, created, updated)
       values ($1, $1::bigint * 1048576 + 1, $2, '1', '{}', now(), now(), now())`,
      [authorizationUid, bench.company.companyUid],
    )
    expect(await bench.path.revoke(receiptKey)).toBeNull()
    expect(await bench.path.revoke(receiptKey)).toBeNull()
    expect(await eventsOf(authorizationUid)).toEqual(['authorization_created', 'authorization_revoked'])
    expect(await grantsOf(authorizationUid)).toEqual([{ grant_no: 1, has_tokens: false, ended: true, told: false }])
    expect(await bench.database.admin('select 1 from meters where authorization_uid = $1', [authorizationUid])).toEqual(
      [],
    )
    expect(await tell()).toBeGreaterThan(0)
    expect(await grantsOf(authorizationUid)).toMatchObject([{ told: true }])
    expect((await atUtility('pge')).at(-1)).toBe(0)
    expect(await bench.path.receipt(receiptKey, 'en')).toMatchObject({
      state: 'revoked',
      utilityTold: true,
      revoked: expect.any(String),
    })
    const mails = await bench.database.admin('select kind from mails where authorization_uid = $1 order by mail_uid', [
      authorizationUid,
    ])
    expect(mails).toEqual([{ kind: 'receipt' }, { kind: 'revoked' }])
  })

  it('a utility that is down is told later, and given up after seven days with an alarm', async () => {
    const { authorizationUid, receiptKey } = await shared(bench)
    await tell()
    await bench.path.revoke(receiptKey)
    const down = { on: 'resource', times: 1000, status: 503, match: 'Authorization' }
    await admin(bench.simulators.demo, 'POST', '/fault', down)
    expect(await tell()).toBe(0)
    expect(await tell()).toBe(0)
    later(1)
    expect(await tell()).toBe(0)
    await admin(bench.simulators.demo, 'DELETE', '/fault')
    later(1)
    expect(await tell()).toBe(1)
    expect(await grantsOf(authorizationUid)).toMatchObject([{ told: true }])

    const second = await shared(bench)
    await bench.path.revoke(second.receiptKey)
    await admin(bench.simulators.demo, 'POST', '/fault', down)
    for (let day = 0; day < 8; day++) {
      await tell()
      later(24)
    }
    await admin(bench.simulators.demo, 'DELETE', '/fault')
    const alarm = await bench.database.admin(
      `select details ->> 'code' code from audit_entries where action = 'operator_alarm' and authorization_uid = $1`,
      [second.authorizationUid],
    )
    expect(alarm).toEqual([{ code: 'utility_not_told' }])
    expect(await grantsOf(second.authorizationUid)).toMatchObject([{ has_tokens: false, told: false }])
    expect(await tell()).toBe(0)
  })

  it('an unknown or malformed receipt link is a dead end', async () => {
    for (const key of ['', 'x', newKey((n) => new Uint8Array(n).fill(7))]) {
      expect(await bench.path.receipt(key, 'en')).toEqual({ end: 'unknown_link' })
      expect(await bench.path.revoke(key)).toEqual({ end: 'unknown_link' })
      expect(await bench.path.shorten(key, '2026-09-01')).toEqual({ end: 'unknown_link' })
    }
  })

  it('the end can only come nearer', async () => {
    const { authorizationUid, receiptKey } = await shared(bench, { input: { endDate: '2027-01-31' } })
    expect(await bench.path.shorten(receiptKey, '2027-02-01')).toEqual({ errors: { endDate: 'end_later' } })
    expect(await bench.path.shorten(receiptKey, 'soon')).toEqual({ errors: { endDate: 'endDate' } })
    expect(await bench.path.shorten(receiptKey, '2026-01-01')).toEqual({ errors: { endDate: 'end_past' } })
    expect(await bench.path.shorten(receiptKey, '2026-12-31')).toBeNull()
    expect(await bench.path.receipt(receiptKey, 'en')).toMatchObject({ ends: '2026-12-31', maxEnd: '2026-12-31' })
    const [row] = await bench.database.admin('select expires from authorizations where authorization_uid = $1', [
      authorizationUid,
    ])
    expect(row?.['expires']).toEqual(new Date('2027-01-01T08:00:00Z'))
  })

  it('is announced: mails 30 and 7 days before, an event to the company within the last day, each once', async () => {
    const { authorizationUid } = await shared(bench, { input: { endDate: '2027-05-31' } })
    const at = bench.clock.now
    const dayBefore = (days: number): Date => {
      const end = Date.parse('2027-06-01T00:00:00Z') - days * 86_400_000
      return new Date(end + (Number(authorizationUid) % 1440) * 60_000)
    }
    const count: number[] = []
    for (const days of [33, 29, 29, 28, 8, 6, 5]) {
      bench.clock.now = dayBefore(days)
      count.push(await remindBeforeEnd(bench.deps))
    }
    expect(count).toEqual([0, 1, 0, 0, 0, 1, 0])
    bench.clock.now = new Date('2027-05-31T06:59:00Z')
    await announceEnds(bench.deps)
    expect(await eventsOf(authorizationUid)).toEqual(['authorization_created'])
    bench.clock.now = new Date('2027-05-31T07:01:00Z')
    await announceEnds(bench.deps)
    await announceEnds(bench.deps)
    expect(await eventsOf(authorizationUid)).toEqual(['authorization_created', 'authorization_expiring_soon'])
    bench.clock.now = at
  })

  it('at its end it expires: tokens gone, utility told, data kept', async () => {
    const { authorizationUid } = await shared(bench, { input: { endDate: '2026-09-30' } })
    const at = bench.clock.now
    bench.clock.now = new Date('2026-10-01T06:59:00Z')
    await expireAuthorizations(bench.deps)
    expect(await stateOf(authorizationUid)).toBe('active')
    bench.clock.now = new Date('2026-10-01T07:00:00Z')
    expect(await expireAuthorizations(bench.deps)).toBeGreaterThan(0)
    expect(await stateOf(authorizationUid)).toBe('expired')
    expect(await eventsOf(authorizationUid)).toEqual(['authorization_created', 'authorization_expired'])
    expect(await grantsOf(authorizationUid)).toMatchObject([{ has_tokens: false, ended: true }])
    expect(await expireAuthorizations(bench.deps)).toBe(0)
    bench.clock.now = at
  })
})

describe('a grant that is never confirmed', () => {
  it('is reminded of once at 20 hours, resumed by the mail’s link in any browser', async () => {
    later(24)
    await abandonOldGrants(bench.deps)
    const { flowUid } = await granted(bench)
    later(19)
    expect(await remindUnconfirmed(bench.deps)).toBe(0)
    later(1)
    expect(await remindUnconfirmed(bench.deps)).toBeGreaterThan(0)
    expect(await remindUnconfirmed(bench.deps)).toBe(0)
    const [mail] = await bench.database.admin('select body from mails where once = $1', [`confirm_reminder:${flowUid}`])
    const key = /\/resume\/([A-Za-z0-9_-]{43})/.exec(String(mail?.['body']))?.[1] ?? ''
    const resumed = await bench.path.resume(key)
    if ('end' in resumed) throw new Error(resumed.end)
    expect(resumed.flowUid).toBe(flowUid)
    expect(await bench.path.confirm(flowUid, resumed.cookie)).toHaveProperty('receiptKey')
    expect(await bench.path.resume(key)).toHaveProperty('end')
    expect(await bench.path.resume('A'.repeat(43))).toEqual({ end: 'unknown_link' })
  })

  it('is given back after 24 hours: tokens destroyed, utility told, no event to the company', async () => {
    const { flowUid, cookie } = await granted(bench)
    const [flow] = await bench.database.admin('select authorization_uid from flows where flow_uid = $1', [flowUid])
    const uid = String(flow?.['authorization_uid'])
    // A file that came meanwhile and holds this customer is owed to whoever has not confirmed yet.
    await bench.database.admin(
      `insert into windows (authorization_uid, product, resource, starts, ends, company_uid, next_try, created)
       select authorization_uid, 'file', 'file', 0, 0, company_uid, $2, $2 from authorizations
        where authorization_uid = $1`,
      [uid, bench.clock.now],
    )
    later(24)
    expect(await abandonOldGrants(bench.deps)).toBeGreaterThan(0)
    expect(await stateOf(uid)).toBe('abandoned')
    expect(await bench.database.admin('select from windows where authorization_uid = $1', [uid])).toEqual([])
    expect(await eventsOf(uid)).toEqual([])
    expect(await grantsOf(uid)).toMatchObject([{ has_tokens: false, ended: true }])
    await tell()
    expect(await grantsOf(uid)).toMatchObject([{ told: true }])
    expect(await bench.path.confirm(flowUid, cookie)).toMatchObject({
      end: 'grant_abandoned',
      retry: expect.any(String),
    })
  })

  it('is declined on the final step: the company hears of it, the utility is told', async () => {
    const { flowUid, cookie } = await granted(bench)
    expect(await bench.path.withdraw(flowUid, cookie)).toEqual({ redirect: null, end: 'declined_at_form' })
    const [flow] = await bench.database.admin('select authorization_uid, state from flows where flow_uid = $1', [
      flowUid,
    ])
    expect(flow).toMatchObject({ state: 'withdrawn' })
    expect(await eventsOf(String(flow?.['authorization_uid']))).toEqual(['authorization_declined'])
    expect(await bench.path.confirm(flowUid, cookie)).toMatchObject({ end: 'declined_at_form' })
  })

  it('flows that nobody finishes are closed', async () => {
    await started(bench.path)
    later(2)
    expect(await closeStaleFlows(bench.deps)).toBeGreaterThan(0)
    const open = await bench.database.admin(`select 1 from flows where state in ('sent', 'exchanging')`)
    expect(open).toEqual([])
  })
})

it('where data come in files, the daily question finds a share that ended without a word', async () => {
  const { authorizationUid } = await shared(bench, { utility: 'sce', customer: { login: 'new' } })
  const subscription = bench.owed.at(-1)?.subscription
  await admin(bench.simulators.sce, 'POST', '/fault', { on: 'notification', times: 9, mode: 'lost' })
  await admin(bench.simulators.sce, 'POST', '/revoke', { subscription })
  const minute = (at: number): Date =>
    new Date(Math.floor(bench.clock.now.getTime() / 86_400_000) * 86_400_000 + at * 60_000)
  const at = bench.clock.now
  bench.clock.now = minute((Number(authorizationUid) + 1) % 1440)
  expect(await checkRunningGrants(bench.deps)).toBe(0)
  bench.clock.now = minute(Number(authorizationUid) % 1440)
  expect(await checkRunningGrants(bench.deps)).toBe(1)
  bench.clock.now = at
  expect(await stateOf(authorizationUid)).toBe('revoked')
})

describe('re-authorization', () => {
  const renewalForm = async (authorizationUid: Uid): Promise<string> => {
    const { companyUid, templateUid, memberUid } = bench.company
    const key = crypto.randomUUID()
    const created = bench.clock.now
    await bench.database.db.operator((tx) =>
      insertForm(tx, {
        companyUid,
        templateUid,
        memberUid,
        key,
        authorizationUid,
        customerEmail: '',
        utility: '',
        scope: {},
        isArchived: false,
        disabled: false,
        expires: null,
        created,
        updated: created,
      }),
    )
    return key
  }

  it('replaces grant and subscription in the same authorization, and both consents stay', async () => {
    const first = await shared(bench, { utility: 'pge', customer: { login: 'home' } })
    const before = bench.owed.at(-1)
    const key = await renewalForm(first.authorizationUid)
    const at = address({ utilitySlug: 'pge', key })
    expect(await bench.path.form(at)).toMatchObject({ renews: true, prefill: { name: 'Carla Customer' } })
    await shared(bench, { utility: 'pge', at, customer: { login: 'home' } })
    const after = bench.owed.at(-1)
    expect(after?.authorizationUid).toBe(first.authorizationUid)
    expect(after?.subscription).not.toBe(before?.subscription)
    expect(await eventsOf(first.authorizationUid)).toEqual(['authorization_created', 'authorization_renewed'])
    expect(await grantsOf(first.authorizationUid)).toEqual([
      { grant_no: 1, has_tokens: false, ended: true, told: false },
      { grant_no: 2, has_tokens: true, ended: false, told: false },
    ])
    const consents = await bench.database.admin('select consent_no from consents where authorization_uid = $1', [
      first.authorizationUid,
    ])
    expect(consents).toHaveLength(2)
    expect(await bench.path.receipt(first.receiptKey, 'en')).toMatchObject({ state: 'active' })
    await tell()
    expect((await atUtility('pge')).at(-1)).toBe(1)
  })

  it('by the same customer without a renewal form: found by the customer’s id at the utility', async () => {
    const input = { email: 'Same@customer.example' }
    const first = await shared(bench, { utility: 'sce', customer: { login: 'solar' }, input })
    await shared(bench, { utility: 'sce', customer: { login: 'solar' }, input: { email: 'same@customer.example' } })
    expect(bench.owed.at(-1)?.authorizationUid).toBe(first.authorizationUid)
    await shared(bench, { utility: 'sce', customer: { login: 'shop' }, input })
    expect(bench.owed.at(-1)?.authorizationUid).not.toBe(first.authorizationUid)
  })

  it('with another account makes an authorization of its own and leaves the running one', async () => {
    const first = await shared(bench, { utility: 'pge', customer: { login: 'solar' } })
    await bench.database.admin(
      `with m as (insert into meters (authorization_uid, meter_uid, company_uid, usage_point, facts, status_ts, created, updated)
         values ($1, $1::bigint * 1048576 + 1, $2, 'point', '{}', now(), now(), now()) returning *)
       insert into meter_aliases select authorization_uid, usage_point, meter_uid, company_uid from m`,
      [first.authorizationUid, bench.company.companyUid],
    )
    const key = await renewalForm(first.authorizationUid)
    await shared(bench, { utility: 'pge', at: address({ utilitySlug: 'pge', key }), customer: { login: 'accounts' } })
    expect(bench.owed.at(-1)?.authorizationUid).not.toBe(first.authorizationUid)
    expect(await stateOf(first.authorizationUid)).toBe('active')
  })

  it('the old grant, cancelled by the utility on the way, costs no data', async () => {
    const first = await shared(bench, { utility: 'pge', customer: { login: 'moved' } })
    const key = await renewalForm(first.authorizationUid)
    const at = address({ utilitySlug: 'pge', key })
    const { flowUid, cookie } = await granted(bench, { utility: 'pge', at, customer: { login: 'moved' } })
    expect(await bench.tokens.checkAtUtility(first.authorizationUid)).toBe(true)
    expect(await stateOf(first.authorizationUid)).toBe('needs_reauthorization')
    expect(await bench.path.confirm(flowUid, cookie)).toHaveProperty('receiptKey')
    expect(await stateOf(first.authorizationUid)).toBe('active')
    expect(await eventsOf(first.authorizationUid)).toEqual([
      'authorization_created',
      'authorization_update_finished_errored',
      'authorization_renewed',
    ])
  })

  it('when no renewal comes after all, the authorization ends as the utility said', async () => {
    const input = { email: 'undecided@customer.example' }
    const first = await shared(bench, { utility: 'pge', customer: { login: 'moved' }, input })
    const { flowUid, cookie } = await granted(bench, { utility: 'pge', customer: { login: 'moved' }, input })
    await bench.tokens.checkAtUtility(first.authorizationUid)
    expect(await settleReplaced(bench.deps)).toBe(0)
    await bench.path.withdraw(flowUid, cookie)
    expect(await settleReplaced(bench.deps)).toBe(1)
    expect(await stateOf(first.authorizationUid)).toBe('revoked')
  })

  it('revoked while the renewal is under way, the renewal becomes an authorization of its own', async () => {
    const first = await shared(bench, { utility: 'demo' })
    const key = await renewalForm(first.authorizationUid)
    const { flowUid, cookie } = await granted(bench, { at: address({ key }) })
    await bench.path.revoke(first.receiptKey)
    expect(await bench.path.confirm(flowUid, cookie)).toHaveProperty('receiptKey')
    expect(bench.owed.at(-1)?.authorizationUid).not.toBe(first.authorizationUid)
    expect(await stateOf(first.authorizationUid)).toBe('revoked')
  })
})

it('each mail is sent once, a failing one again later; a sent one keeps no link', async () => {
  const sent: string[] = []
  const failing = (): Promise<void> => Promise.reject(new Error('no'))
  const deps = { db: bench.database.db, now: () => bench.clock.now }
  expect(await sendMails({ ...deps, sendMail: failing })).toBe(0)
  later(1)
  const sendMail = ({ to, text }: { to: string; text: string }): Promise<void> =>
    Promise.resolve(void sent.push(`${to} ${text}`))
  const counts = await Promise.all([sendMails({ ...deps, sendMail }), sendMails({ ...deps, sendMail })])
  expect(counts[0] + counts[1]).toBe(sent.length)
  expect(sent.length).toBeGreaterThan(10)
  const link = /\/receipt\/([A-Za-z0-9_-]{43})/.exec(sent.find((mail) => mail.includes('/receipt/')) ?? '')?.[1] ?? ''
  expect(await bench.path.receipt(link, 'en')).toHaveProperty('consentText')
  const rows = await bench.database.admin(`select mails::text as row from mails where sent is not null`)
  expect(rows.every((row) => !String(row['row']).includes('/receipt/'))).toBe(true)
  const hashes = await bench.database.admin('select 1 from links where key_hash = $1', [hashKey(link)])
  expect(hashes).toHaveLength(1)
})
