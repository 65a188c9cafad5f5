import { afterAll, beforeAll, expect, it } from 'vitest'

import { SCENARIOS } from '../../src/authorization/test-scenarios.ts'
import { type Json, type RunningApp, startRunningApp, until } from '../running-app.ts'

let running: RunningApp
beforeAll(async () => {
  running = await startRunningApp({ historyMonths: 2 })
  await running.database.admin('update templates set history_months = 6') // so that each share is a few requests
})
afterAll(async () => await running.close())

type Submitted = { answer: Json; authorizationUid: string }

async function submit(scenario: string, utility = 'DEMO'): Promise<Submitted> {
  const form = (await running.api('/forms', { method: 'POST', body: {} })).body
  const { status, body: answer } = await running.api(`/forms/${form.uid}/test-submit`, {
    method: 'POST',
    body: { utility, scenario },
  })
  expect({ status, answer }).toMatchObject({ status: 200, answer: { success: true } })
  const { body } = await running.api(`/authorizations?referrals=${answer.referral}`)
  expect(body.authorizations).toHaveLength(1)
  expect(body.authorizations[0]).toMatchObject({ utility, is_test: true, form_uid: form.uid })
  return { answer, authorizationUid: body.authorizations[0].uid }
}

const noteTypes = (object: Json): string[] => object.notes.map(({ type }: Json) => type)

async function eventTypes(authorizationUid: string): Promise<string[]> {
  const { events } = (await running.api('/events')).body
  return events.filter((event: Json) => event.authorization_uid === authorizationUid).map(({ type }: Json) => type)
}

/** What a program sees in the end: state of the authorization, notes, and of each meter what it has. */
type Seen = { status: string; revoked?: true; notes: string[]; meters: number; meterNotes?: string[]; events: string[] }

const COLLECTED = 'authorization_update_finished_successful'
const MET = ['access_valid', 'meter_full', 'bills_full']

/** hours: how far the clock is moved, when the utility makes us wait. */
const TABLE: Record<string, Seen & { hours?: number }> = {
  residential: { status: 'updated', notes: ['access_valid', 'meters_full'], meters: 1, events: [COLLECTED] },
  empty: { status: 'updated', notes: ['access_valid', 'meters_full'], meters: 0, events: [COLLECTED] },
  commercial: {
    status: 'updated',
    notes: ['access_valid', 'meters_full'],
    meters: 4,
    events: ['meter_created', COLLECTED],
  },
  nointervals: {
    ...{ status: 'updated', notes: ['meters_full'], meters: 1, meterNotes: [...MET, 'intervals_empty'] },
    events: ['meter_bills_added', COLLECTED],
  },
  partialintervals: {
    ...{ status: 'updated', notes: ['meters_full'], meters: 1, meterNotes: [...MET, 'intervals_full'] },
    events: ['meter_intervals_added', COLLECTED],
  },
  badlogin: {
    ...{ status: 'errored', notes: ['access_invalid'], meters: 0 },
    events: ['authorization_update_finished_errored'],
  },
  badlogin_after: {
    ...{ status: 'errored', notes: ['access_invalid'], meters: 1, meterNotes: ['access_invalid'] },
    events: ['meter_created', 'authorization_update_finished_errored'],
  },
  websitedown: { status: 'pending', notes: ['retrying'], meters: 0, events: ['authorization_update_retrying'] },
  websitedown_after: {
    ...{ status: 'pending', notes: ['retrying'], meters: 1, meterNotes: ['retrying'] },
    events: ['meter_created', 'authorization_update_retrying', 'meter_historical_collection_retrying'],
  },
  utilityerror: { status: 'pending', notes: ['retrying'], meters: 0, events: ['authorization_update_retrying'] },
  utilityerror_after: {
    ...{ status: 'pending', notes: ['retrying'], meters: 1, meterNotes: ['retrying'] },
    events: ['meter_created', 'authorization_update_retrying', 'meter_historical_collection_retrying'],
  },
  pending_manual_after: {
    ...{ status: 'pending', notes: ['pending_manual'], meters: 1, meterNotes: ['pending_manual'] },
    events: ['authorization_update_delayed', 'meter_historical_collection_delayed'],
    hours: 0.5,
  },
  wait_to_login_after: {
    ...{ status: 'updated', notes: ['meters_full'], meters: 1 },
    events: ['authorization_update_retrying', COLLECTED],
    hours: 0.5,
  },
  revoked: { status: 'updated', revoked: true, notes: [], meters: 0, events: ['authorization_revoked'] },
}

it('the table has every scenario', () => {
  expect(Object.keys(TABLE).toSorted()).toEqual([...SCENARIOS].toSorted())
})

it('every scenario shows in the API what it is about', async () => {
  const shares = new Map<string, string>()
  const notes = new Map<string, unknown>()
  for (const scenario of Object.keys(TABLE)) shares.set(scenario, (await submit(scenario)).authorizationUid)
  await running.app.idle()
  for (const [scenario, { hours = 0, ...seen }] of Object.entries(TABLE)) {
    const uid = shares.get(scenario) ?? ''
    const reached = await until(
      scenario,
      async () => {
        if (hours > 0) await later(hours)
        const now = await look(uid)
        return holds(now, seen) ? now : null
      },
      30,
    ).catch(async (cause: unknown) => {
      throw new Error(`${scenario}: ${JSON.stringify(await look(uid))}`, { cause })
    })
    expect(reached.events.slice(-2)).toEqual(['authorization_update_started', 'authorization_created'])
    notes.set(scenario, (await running.api(`/authorizations/${uid}`)).body.notes)
    // Whatever became of it, it can be deleted, and is asked for no more.
    expect((await running.api(`/authorizations/${uid}`, { method: 'DELETE' })).status).toBe(200)
  }
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/)
  expect(notes.get('websitedown')).toEqual([{ type: 'retrying', msg: expect.any(String), ts: time, eta: time }])
  // A registration whose customers' tests fail on purpose is open to everybody else.
  expect(await running.database.admin('select max(failures) as failures from limits')).toEqual([{ failures: 0 }])
}, 240_000)

/** Moves the clock while nothing is in work, so that no lease runs out. */
async function later(hours: number): Promise<void> {
  await running.app.idle()
  running.forward(hours)
  await running.app.idle()
}

async function look(uid: string): Promise<Seen & { revoked: boolean; events: string[] }> {
  const { body } = await running.api(`/authorizations/${uid}?include=meters`)
  const { meters } = body.meters
  return {
    ...{ status: body.status, revoked: body.is_revoked, notes: noteTypes(body), meters: meters.length },
    meterNotes: meters.flatMap(noteTypes),
    events: await eventTypes(uid),
  }
}

function holds(
  now: Awaited<ReturnType<typeof look>>,
  { status, revoked, notes, meters, meterNotes, events }: Seen,
): boolean {
  const includes = (all: readonly string[] | undefined, some: readonly string[]): boolean =>
    some.every((one) => all?.includes(one))
  if (now.revoked !== (revoked === true) || now.meters !== meters || !includes(now.events, events)) return false
  return (
    revoked === true ||
    (now.status === status && includes(now.notes, notes) && includes(now.meterNotes, meterNotes ?? []))
  )
}

it.each([
  ['PG&E', 'residential', 1],
  ['PG&E', 'commercial', 4],
  ['SCE', 'commercial', 4],
])('%s has a test %s, and refuses other scenarios with what there is', async (utility, scenario, count) => {
  const { authorizationUid } = await submit(scenario, utility)
  await until(utility, async () => {
    const { status, meters } = await look(authorizationUid)
    return status === 'updated' && meters === count ? true : null
  })
  const refused = await refusal({}, { utility, scenario: 'badlogin' })
  expect(refused).toContain('residential, commercial')
})

it('a customer of a test can also be typed at the utility, by its incumbent name', async () => {
  const { page } = await running.toChoices('demo', 'UAPI_TEST_residential')
  expect([page.status, page.html]).toEqual([200, expect.stringContaining('Test Customer')])
})

it('a form for one utility, an archived one and an unknown scenario are refused by name', async () => {
  const body = { utility: 'DEMO', scenario: 'residential' }
  expect(await refusal({ utility: 'SCE' }, body)).toContain('"utility"')
  expect(await refusal({}, { ...body, scenario: 'none' })).toContain('"scenario"')
  const form = (await running.api('/forms', { method: 'POST', body: {} })).body
  await running.api(`/forms/${form.uid}`, { method: 'PATCH', body: { is_archived: true } })
  const archived = await running.api(`/forms/${form.uid}/test-submit`, { method: 'POST', body })
  expect(archived).toMatchObject({ status: 400, body: { error: 'invalid_param' } })
})

it('a test can be deleted, and no mail goes out for it', async () => {
  const { authorizationUid } = await submit('residential')
  const deleted = await running.api(`/authorizations/${authorizationUid}`, { method: 'DELETE' })
  expect(deleted).toEqual({ status: 200, body: { success: true } })
  expect((await running.api(`/authorizations/${authorizationUid}`)).status).toBe(404)
  expect(await running.database.admin('select count(*)::int as mails from mails')).toEqual([{ mails: 0 }])
})

it('a real registration is never used, nor a real authorization renewed: refused, and nothing is sent', async () => {
  const { admin } = running.database
  const { authorizationUid } = await submit('residential')
  await admin(`update registrations set environment = 'production' where utility = 'DEMO'`)
  const before = await running.admin('demo', 'GET', '/requests')
  const body = { utility: 'DEMO', scenario: 'residential' }
  const [{ n: flows } = { n: null }] = await admin('select count(*)::int as n from flows')
  expect(await refusal({}, body)).toContain('Start the simulated utilities')
  expect(await refusal({ authorization_uid: authorizationUid }, body)).toContain('is no test')
  expect((await running.admin('demo', 'GET', '/requests')).byKind.authorize).toEqual(before.byKind.authorize)
  expect(await admin('select count(*)::int as n from flows')).toEqual([{ n: flows }])
})

/** The description of a refusal. */
async function refusal(form: Json, body: Json): Promise<string> {
  const made = (await running.api('/forms', { method: 'POST', body: form })).body
  const refused = await running.api(`/forms/${made.uid}/test-submit`, { method: 'POST', body })
  expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_param' } })
  return refused.body.error_description
}
