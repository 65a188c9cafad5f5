import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { address, fault, granted, type PathBench, pathBench, started, tally } from '../../test/customer-path.ts'
import { queryOf, shareAt } from '../../test/simulated-customer.ts'

let bench: PathBench
beforeAll(async () => {
  bench = await pathBench()
})
afterAll(async () => await bench.close())

type Query = [string, string][]
type Way = { state: string; cookie: string }

async function sent(): Promise<Way> {
  const { redirect, cookie } = await started(bench.path)
  return { state: new URL(redirect).searchParams.get('state') ?? '', cookie }
}

describe('a callback whose state is not this browser’s exchanges and stores nothing', () => {
  const other = (state: string): string => (state.startsWith('A') ? 'B' : 'A') + state.slice(1)
  it.each<[string, string, (way: Way, foreign: Way) => { query: Query; cookie: string | null; utility?: string }]>([
    ['missing', 'unknown_link', ({ cookie }) => ({ query: [['code', 'x']], cookie })],
    [
      'empty',
      'unknown_link',
      ({ cookie }) => ({
        query: [
          ['code', 'x'],
          ['state', ''],
        ],
        cookie,
      }),
    ],
    [
      'unknown',
      'unknown_link',
      ({ cookie }) => ({
        query: [
          ['code', 'x'],
          ['state', 'A'.repeat(43)],
        ],
        cookie,
      }),
    ],
    [
      'truncated',
      'unknown_link',
      ({ state, cookie }) => ({
        query: [
          ['code', 'x'],
          ['state', state.slice(0, -1)],
        ],
        cookie,
      }),
    ],
    [
      'changed in one character',
      'unknown_link',
      ({ state, cookie }) => ({
        query: [
          ['code', 'x'],
          ['state', other(state)],
        ],
        cookie,
      }),
    ],
    [
      'given twice',
      'unknown_link',
      ({ state, cookie }) => ({
        query: [
          ['code', 'x'],
          ['state', state],
          ['state', state],
        ],
        cookie,
      }),
    ],
    ['in the fragment or body only', 'unknown_link', ({ cookie }) => ({ query: [['code', 'x']], cookie })],
    [
      'of another utility',
      'unknown_link',
      ({ state, cookie }) => ({
        query: [
          ['code', 'x'],
          ['state', state],
        ],
        cookie,
        utility: 'pge',
      }),
    ],
    [
      'of a utility that is none',
      'unknown_link',
      ({ state, cookie }) => ({
        query: [
          ['code', 'x'],
          ['state', state],
        ],
        cookie,
        utility: 'xyz',
      }),
    ],
    [
      'without a cookie',
      'other_browser',
      ({ state }) => ({
        query: [
          ['code', 'x'],
          ['state', state],
        ],
        cookie: null,
      }),
    ],
    [
      'with an empty cookie',
      'other_browser',
      ({ state }) => ({
        query: [
          ['code', 'x'],
          ['state', state],
        ],
        cookie: '',
      }),
    ],
    [
      'with another flow’s cookie',
      'other_browser',
      ({ state }, foreign) => ({
        query: [
          ['code', 'x'],
          ['state', state],
        ],
        cookie: foreign.cookie,
      }),
    ],
    [
      'of another customer’s flow',
      'other_browser',
      ({ cookie }, foreign) => ({
        query: [
          ['code', 'x'],
          ['state', foreign.state],
        ],
        cookie,
      }),
    ],
  ])('%s', async (_name, end, attack) => {
    const [mine, foreign] = [await sent(), await sent()]
    const before = await tally(bench)
    const { query, cookie, utility = 'demo' } = attack(mine, foreign)
    expect(await bench.path.callback(utility, query, cookie)).toEqual({ end, retry: null, redirect: null })
    expect(await tally(bench)).toEqual({ ...before, refusals: before.refusals + 1 })
    // The customer whose state was abused is not harmed.
    const { redirect } = await started(bench.path, address(), { cookie: mine.cookie })
    expect(new URL(redirect).searchParams.get('state')).not.toBe(mine.state)
  })

  it('expired after 60 minutes', async () => {
    const way = await sent()
    const at = bench.clock.now
    bench.clock.now = new Date(at.getTime() + 60 * 60_000)
    const result = await bench.path.callback(
      'demo',
      [
        ['code', 'x'],
        ['state', way.state],
      ],
      way.cookie,
    )
    bench.clock.now = at
    expect(result).toMatchObject({
      end: 'flow_expired',
      retry: expect.stringContaining('/demo/gb-oauth/sunrise-solar'),
    })
  })

  it('reused after success, and after an error', async () => {
    const { redirect, cookie } = await started(bench.path)
    const query = queryOf(await shareAt(redirect))
    expect(await bench.path.callback('demo', query, cookie)).toHaveProperty('flowUid')
    const way = await sent()
    const denied: Query = [
      ['error', 'access_denied'],
      ['state', way.state],
    ]
    expect(await bench.path.callback('demo', denied, way.cookie)).toMatchObject({ end: 'declined_at_utility' })
    const before = await tally(bench)
    expect(await bench.path.callback('demo', query, cookie)).toMatchObject({ end: 'already_used' })
    expect(await bench.path.callback('demo', denied, way.cookie)).toMatchObject({ end: 'already_used' })
    expect(
      await bench.path.callback(
        'demo',
        [
          ['code', 'x'],
          ['state', way.state],
        ],
        way.cookie,
      ),
    ).toMatchObject({
      end: 'already_used',
    })
    expect(await tally(bench)).toEqual({ ...before, refusals: before.refusals + 3 })
  })

  it('two tabs of one browser both reach the final step', async () => {
    const first = await started(bench.path)
    const second = await started(bench.path, address(), { cookie: first.cookie })
    expect(second.cookie).toBe(first.cookie)
    const backSecond = await shareAt(second.redirect)
    const backFirst = await shareAt(first.redirect)
    expect(await bench.path.callback('demo', queryOf(backFirst), first.cookie)).toHaveProperty('flowUid')
    expect(await bench.path.callback('demo', queryOf(backSecond), first.cookie)).toHaveProperty('flowUid')
  })
})

describe('a flow makes at most one token request', () => {
  it.each<[string, (state: string) => Query]>([
    ['no code', (state) => [['state', state]]],
    [
      'an empty code',
      (state) => [
        ['code', ''],
        ['state', state],
      ],
    ],
    [
      'a code twice',
      (state) => [
        ['code', 'a'],
        ['code', 'b'],
        ['state', state],
      ],
    ],
    [
      'a code of 4 KiB',
      (state) => [
        ['code', 'x'.repeat(4096)],
        ['state', state],
      ],
    ],
    [
      'a line break in the code',
      (state) => [
        ['code', 'a\r\nHost: b'],
        ['state', state],
      ],
    ],
    [
      'a NUL in the code',
      (state) => [
        ['code', 'a\u0000b'],
        ['state', state],
      ],
    ],
    [
      'a code beside an error',
      (state) => [
        ['code', 'x'],
        ['error', 'access_denied'],
        ['state', state],
      ],
    ],
  ])('%s: none at all', async (_name, query) => {
    const way = await sent()
    const before = await tally(bench)
    const result = await bench.path.callback('demo', query(way.state), way.cookie)
    expect(result).toHaveProperty('end')
    expect(result).toMatchObject({ retry: expect.stringContaining('/gb-oauth/') })
    const after = await tally(bench)
    expect([after.codes, after.grants]).toEqual([before.codes, before.grants])
    expect(
      await bench.path.callback(
        'demo',
        [
          ['code', 'x'],
          ['state', way.state],
        ],
        way.cookie,
      ),
    ).toMatchObject({
      end: 'already_used',
    })
  })

  it('a code the utility refuses, or of another session, is refused with a way on', async () => {
    const way = await sent()
    const before = await tally(bench)
    expect(
      await bench.path.callback(
        'demo',
        [
          ['code', 'made-up'],
          ['state', way.state],
        ],
        way.cookie,
      ),
    ).toMatchObject({
      end: 'code_refused',
      retry: expect.stringContaining('/gb-oauth/'),
    })
    const [thief, victim] = [await sent(), await started(bench.path)]
    const code = (await shareAt(victim.redirect)).searchParams.get('code') ?? ''
    const injected: Query = [
      ['code', code],
      ['state', thief.state],
    ]
    expect(await bench.path.callback('demo', injected, thief.cookie)).toMatchObject({ end: 'code_refused' })
    const after = await tally(bench)
    expect(after).toEqual({ ...before, codes: before.codes + 2 })
  })

  it('20 parallel callbacks: one request, one grant', async () => {
    const { redirect, cookie } = await started(bench.path)
    const query = queryOf(await shareAt(redirect))
    const before = await tally(bench)
    const results = await Promise.all(Array.from({ length: 20 }, () => bench.path.callback('demo', query, cookie)))
    expect(results.filter((result) => 'flowUid' in result)).toHaveLength(1)
    expect(await tally(bench)).toMatchObject({ codes: before.codes + 1, grants: before.grants + 1 })
  })

  it('a code replayed in another flow of the same browser is refused', async () => {
    const first = await started(bench.path)
    const back = await shareAt(first.redirect)
    expect(await bench.path.callback('demo', queryOf(back), first.cookie)).toHaveProperty('flowUid')
    const second = await started(bench.path, address(), { cookie: first.cookie })
    const state = new URL(second.redirect).searchParams.get('state') ?? ''
    const code = back.searchParams.get('code') ?? ''
    expect(
      await bench.path.callback(
        'demo',
        [
          ['code', code],
          ['state', state],
        ],
        first.cookie,
      ),
    ).toMatchObject({
      end: 'code_refused',
    })
  })

  it('an answer that never comes leaves a flow that can be started anew', async () => {
    const { redirect, cookie } = await started(bench.path)
    const query = queryOf(await shareAt(redirect))
    await fault(bench.simulators.demo, { on: 'token', mode: 'close' })
    const before = await tally(bench)
    const result = await bench.path.callback('demo', query, cookie)
    expect(result).toMatchObject({ end: 'utility_down', retry: expect.stringContaining('/gb-oauth/') })
    const [flow] = await bench.database.admin('select state, error from flows order by flow_uid desc limit 1')
    expect(flow).toEqual({ state: 'failed', error: 'outcome_unknown' })
    expect(await bench.path.callback('demo', query, cookie)).toMatchObject({ end: 'already_used' })
    expect((await tally(bench)).grants).toBe(before.grants)
    await granted(bench)
  })

  it('failed token requests open the breaker for collection, and the next customer is let through and closes it', async () => {
    const limits = async () => (await bench.database.admin('select failures, open_until from limits'))[0]
    await fault(bench.simulators.demo, { on: 'token', mode: 'close', times: 5 })
    for (let customer = 1; customer <= 5; customer++) {
      const { redirect, cookie } = await started(bench.path)
      await bench.path.callback('demo', queryOf(await shareAt(redirect)), cookie)
      expect(await limits()).toMatchObject({ failures: customer })
    }
    expect((await limits())?.['open_until']).not.toBe(null)
    await granted(bench)
    expect(await limits()).toEqual({ failures: 0, open_until: null })
  })

  it('a check of the grant that failed counts there too, and costs the customer nothing', async () => {
    await fault(bench.simulators.demo, { on: 'resource', status: 503, match: 'Authorization' })
    await granted(bench)
    const [limits] = await bench.database.admin('select failures from limits')
    expect(limits).toEqual({ failures: 1 })
    await granted(bench)
  })
})

describe('answers of the token endpoint', () => {
  const good = (over: Record<string, unknown> = {}): string => {
    const base = `${bench.simulators.demo.api}/espi/1_1/resource`
    const id = String(Math.floor(Math.random() * 1e9))
    return JSON.stringify({
      access_token: `token-${id}`,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: `refresh-${id}`,
      scope: 'FB=1_3_4_5_13_15_16_51_53_56_57',
      resourceURI: `${base}/Batch/Subscription/${id}`,
      authorizationURI: `${base}/Authorization/9999999`,
      ...over,
    })
  }
  const answers = async (arranged: Record<string, unknown>) => {
    const { redirect, cookie } = await started(bench.path)
    const query = queryOf(await shareAt(redirect))
    // The grant's check comes to a grant that the simulator does not know; it must not count as revoked here.
    await fault(bench.simulators.demo, { on: 'resource', status: 503, match: 'Authorization' })
    await fault(bench.simulators.demo, { on: 'token', ...arranged })
    const result = await bench.path.callback('demo', query, cookie)
    return { result, cookie }
  }
  const clear = async (): Promise<void> => {
    await fetch(`${bench.simulators.demo.admin}/_admin/fault`, { method: 'DELETE' })
  }

  it.each<[string, () => Record<string, unknown>]>([
    ['no token_type', () => ({ body: good({ token_type: undefined }) })],
    ['token_type in odd case', () => ({ body: good({ token_type: 'bEaReR' }) })],
    ['expires_in as text', () => ({ body: good({ expires_in: '3600' }) })],
    ['expires_in negative', () => ({ body: good({ expires_in: -1 }) })],
    ['expires_in absent', () => ({ body: good({ expires_in: undefined }) })],
    ['expires_in of 10^12', () => ({ body: good({ expires_in: 1e12 }) })],
    ['no refresh token', () => ({ body: good({ refresh_token: undefined }) })],
    ['status 201', () => ({ status: 201, body: good() })],
    ['JSON called text/html', () => ({ body: good(), contentType: 'text/html' })],
    ['a wider scope', () => ({ body: good({ scope: 'FB=1_3_4_5_13_15_16_51_53_56_57_99' }) })],
  ])('%s is taken', async (_name, arranged) => {
    const { result } = await answers(arranged())
    await clear()
    expect(result).toHaveProperty('flowUid')
    const [grant] = await bench.database.admin(
      'select access_expires from grants order by created desc, authorization_uid desc limit 1',
    )
    expect(grant?.['access_expires']).toEqual(new Date(bench.clock.now.getTime() + 3_600_000))
  })

  it('a narrower scope is kept and shown', async () => {
    const { result, cookie } = await answers({ body: good({ scope: 'FB=1_3_4_5_13' }) })
    await clear()
    if (!('flowUid' in result)) throw new Error(result.end)
    expect(await bench.path.grant(result.flowUid, cookie)).toMatchObject({
      dataClasses: ['intervals'],
      withheld: ['meters', 'bills', 'accounting'],
    })
  })

  it.each<[string, string, number, () => Record<string, unknown>]>([
    ['an unknown token_type', 'utility_down', 0, () => ({ body: good({ token_type: 'mac' }) })],
    ['no token at all', 'utility_down', 0, () => ({ body: good({ access_token: undefined }) })],
    ['an HTML page with 200', 'utility_down', 0, () => ({ mode: 'html' })],
    ['a redirect', 'utility_down', 0, () => ({ status: 302, headers: { location: 'http://127.0.0.1:9/' }, body: '' })],
    ['500', 'utility_down', 0, () => ({ status: 500, body: 'oops' })],
    ['429', 'utility_down', 0, () => ({ status: 429, body: 'slow down' })],
    ['a body far too large', 'utility_down', 0, () => ({ body: 'x'.repeat(400_000) })],
    [
      'an XML error',
      'code_refused',
      0,
      () => ({ status: 400, body: '<Error><error>invalid_grant</error></Error>', contentType: 'text/xml' }),
    ],
    ['401 invalid_client', 'operator_problem', 1, () => ({ status: 401, body: '{"error":"invalid_client"}' })],
    ['400 "Invalid Certificate"', 'operator_problem', 1, () => ({ status: 400, body: '"Invalid Certificate"' })],
    [
      'resourceURI on a foreign origin',
      'utility_error',
      1,
      () => ({ body: good({ resourceURI: 'https://foreign.example/espi/1_1/resource/Batch/Subscription/1' }) }),
    ],
    [
      'authorizationURI on a foreign origin',
      'utility_error',
      1,
      () => ({ body: good({ authorizationURI: 'https://foreign.example/espi/1_1/resource/Authorization/1' }) }),
    ],
    [
      'resourceURI outside the path',
      'utility_error',
      1,
      () => ({ body: good({ resourceURI: `${bench.simulators.demo.api}/espi/1_1/resource/../../x` }) }),
    ],
    [
      'customerResourceURI with a user',
      'utility_error',
      1,
      () => ({ body: good({ customerResourceURI: bench.simulators.demo.api.replace('//', '//a@') }) }),
    ],
  ])('%s is refused', async (_name, end, alarms, arranged) => {
    const before = await tally(bench)
    const { result } = await answers(arranged())
    await clear()
    expect(result).toMatchObject({ end, retry: expect.stringContaining('/gb-oauth/'), redirect: null })
    const after = await tally(bench)
    expect([after.grants, after.alarms]).toEqual([before.grants, before.alarms + alarms])
  })

  it('an empty scope shares nothing: the grant is dropped and the utility owed a word', async () => {
    const { result } = await answers({ body: good({ scope: 'FB=1_3_13' }) })
    await clear()
    expect(result).toMatchObject({ end: 'nothing_shared' })
    const [grant] = await bench.database.admin(
      'select tokens, ended is not null ended, tell_next is not null owed from grants order by created desc, authorization_uid desc limit 1',
    )
    expect(grant).toEqual({ tokens: null, ended: true, owed: true })
  })
})

describe('an error that comes back ends the flow in the right state', () => {
  it.each([
    ['access_denied', 'declined_at_utility', 'declined'],
    ['server_error', 'utility_down', 'failed'],
    ['temporarily_unavailable', 'utility_down', 'failed'],
    ['invalid_request', 'utility_error', 'failed'],
    ['<script>alert(1)</script>', 'utility_error', 'failed'],
  ])('%s', async (error, end, state) => {
    const way = await sent()
    const query: Query = [
      ['error', error],
      ['error_description', '<b>x</b>'],
      ['state', way.state],
    ]
    const result = await bench.path.callback('demo', query, way.cookie)
    expect(result).toMatchObject({ end, retry: expect.any(String) })
    expect(JSON.stringify(result)).not.toContain('<')
    const [flow] = await bench.database.admin('select state from flows order by flow_uid desc limit 1')
    expect(flow).toEqual({ state })
  })

  it('declining at the utility makes a declined authorization and its event', async () => {
    const { redirect, cookie } = await started(bench.path, address({ utilitySlug: 'sce' }))
    const back = await shareAt(redirect, { cancel: true })
    expect(await bench.path.callback('sce', queryOf(back), cookie)).toMatchObject({ end: 'declined_at_utility' })
    const [row] = await bench.database.admin(
      `select a.state, a.customer_email, e.type from authorizations a join events e using (authorization_uid)
       order by a.authorization_uid desc limit 1`,
    )
    expect(row).toEqual({ state: 'declined', customer_email: 'carla@customer.example', type: 'authorization_declined' })
  })
})
