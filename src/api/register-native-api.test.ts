import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { addMeter, type Answer, apiFixture, type Fixture, NOW, PUBLIC_URL } from '../../test/api-fixture.ts'
import { purgeOldAnswers } from './jobs.ts'
import { nativeEndpoints } from './register-native-api.ts'

const clock = { ms: NOW.getTime() }
const history = { begun: Promise.withResolvers<void>(), hold: Promise.resolve(), fails: false }
let api: Fixture
beforeAll(async () => {
  api = await apiFixture({
    now: () => new Date(clock.ms),
    oweHistory: async (_companyUid, meterUids) => {
      history.begun.resolve()
      await history.hold
      if (history.fails) throw new Error('secret detail')
      return meterUids
    },
  })
})
afterAll(async () => await api.close())

const problemKeys = ['type', 'title', 'status', 'detail', 'code', 'request_id', 'errors']

describe('a refusal', () => {
  test('is problem details with the address of its page and the id of the request', async () => {
    const { status, headers, body } = await api.send('GET', '/api/v3/meters/1', undefined, 'token-ours', {
      'x-request-id': 'order-7.a',
    })
    expect([status, headers['content-type']]).toEqual([404, 'application/problem+json; charset=utf-8'])
    expect(Object.keys(body)).toEqual(problemKeys)
    expect(body).toMatchObject({
      type: `${PUBLIC_URL}/docs/errors/not_found`,
      status: 404,
      code: 'not_found',
      request_id: 'order-7.a',
      errors: [],
    })
    expect(headers['x-request-id']).toBe('order-7.a')
  })

  test('names every field that is wrong or unknown, and nothing is done', async () => {
    const before = (await api.get('/api/v3/forms')).text
    const wrong = await api.send('POST', '/api/v3/forms', { customer_email: 'nobody', template_uid: {} })
    expect(wrong.body['code']).toBe('invalid_param')
    expect(wrong.body['errors']).toMatchObject([{ field: 'template_uid' }, { field: 'customer_email' }])
    const unknown = await api.send('POST', '/api/v3/forms?x=1', { customer_mail: 'a', utilty: 'DEMO' })
    expect([unknown.status, unknown.body['code']]).toEqual([400, 'unknown_param'])
    const errors = ['x', 'customer_mail', 'utilty'].map((field) => ({ field, message: expect.any(String) }))
    expect(unknown.body['errors']).toEqual(errors)
    const missing = await api.send('POST', '/api/v3/meters/historical-collection', {})
    expect(missing.body).toMatchObject({ code: 'required_param_missing', errors: [{ field: 'meters' }] })
    expect((await api.get('/api/v3/forms')).text).toBe(before)
  })

  test('without a token is 401 at every endpoint, and still a problem', async () => {
    for (const { method, path } of nativeEndpoints) {
      const answer = await api.send(method, `/api/v3${path.replaceAll(/:\w+/g, '1')}`, undefined, 'nobody')
      expect([answer.status, answer.body['code'], Object.keys(answer.body)]).toEqual([401, 'unauthorized', problemKeys])
    }
  })
})

test.each(['', 'a b', 'x'.repeat(129), '<script>'])(
  'the request id %j is not echoed: there is a new one',
  async (id) => {
    const { headers } = await api.send('GET', '/api/v3/forms', undefined, 'token-ours', { 'x-request-id': id })
    expect(headers['x-request-id']).toMatch(/^req_[\da-f-]{36}$/)
  },
)

test('a page of v3 goes on in v3', async () => {
  for (const _ of [1, 2]) await api.send('POST', '/api/v3/forms')
  expect((await api.get('/api/v3/forms?limit=1')).body['next']).toMatch(/^https:\/\/proxy\.example\/api\/v3\/forms\?/)
})

test('requests are counted for each company; one too many waits for the next window', async () => {
  const ms = { now: NOW.getTime() + 15_000 }
  const limited = await apiFixture({ rateLimit: { requests: 2, seconds: 60 }, now: () => new Date(ms.now) })
  const ask = async (token?: string) => await limited.get('/api/v3/forms', token)
  expect((await ask()).headers).toMatchObject({
    'ratelimit-policy': '"company";q=2;w=60',
    ratelimit: '"company";r=1;t=45',
  })
  expect((await ask()).headers['ratelimit']).toBe('"company";r=0;t=45')
  const refused = await ask()
  expect([refused.status, refused.body['code'], refused.headers['retry-after']]).toEqual([
    429,
    'too_many_requests',
    '45',
  ])
  expect((await ask('token-theirs')).status).toBe(200)
  expect((await limited.get('/forms')).status).toBe(200)
  ms.now += 45_000
  expect((await ask()).status).toBe(200)
  await limited.close()
})

describe('an idempotency key', () => {
  const post = async (key: string, path: string, body: unknown, token = 'token-ours'): Promise<Answer> =>
    await api.send('POST', `/api/v3${path}`, body, token, { 'idempotency-key': key })

  test('gives the same request the same answer, and a form is made once', async () => {
    const [first, again] = [
      await post('k1', '/forms', { utility: 'DEMO' }),
      await post('k1', '/forms', { utility: 'DEMO' }),
    ]
    expect([first.status, again.status]).toEqual([200, 200])
    expect(again.body).toEqual(first.body)
    expect([first.headers['idempotency-replayed'], again.headers['idempotency-replayed']]).toEqual([undefined, 'true'])
    const refused = await post('k2', '/forms', { utility: 'NONE' })
    expect(refused.status).toBe(400)
    expect((await post('k2', '/forms', { utility: 'NONE' })).text).toBe(refused.text)
  })

  test('refuses another request: body, address or method', async () => {
    for (const [path, body] of [
      ['/forms', { utility: '' }],
      ['/webhooks', { utility: 'DEMO' }],
    ] as const) {
      const { status, body: told } = await post('k1', path, body)
      expect([status, told['code']]).toEqual([422, 'idempotency_key_reused'])
    }
  })

  test('of one company is not known to another, and what is kept cannot be read in the table', async () => {
    const ours = await post('k1', '/forms', { utility: 'DEMO' })
    const theirs = await post('k1', '/forms', { utility: 'DEMO' }, 'token-theirs')
    expect(theirs.status).toBe(200)
    expect(theirs.body['uid']).not.toBe(ours.body['uid'])
    const rows = await api.database.admin(`select encode(answer, 'escape') as text from idempotent_requests`)
    expect(rows.length).toBeGreaterThan(2)
    expect(rows.filter(({ text }) => String(text).includes('DEMO'))).toEqual([])
  })

  test('is forgotten after 24 hours', async () => {
    const first = await post('k3', '/forms', {})
    clock.ms += 24 * 3_600_000 - 1
    expect((await post('k3', '/forms', {})).body).toEqual(first.body)
    clock.ms += 1
    expect((await post('k3', '/forms', {})).body['uid']).not.toBe(first.body['uid'])
  })

  test('leaves nothing behind: what is older than a day is purged', async () => {
    const { admin, db } = api.database
    const count = async () => (await admin('select count(*)::int as n from idempotent_requests'))[0]?.['n']
    expect(await count()).toBeGreaterThan(0)
    const signal = AbortSignal.timeout(10_000)
    const silent = () => undefined
    const log = { info: silent, warn: silent, error: silent }
    await purgeOldAnswers.run({}, { db, signal, log, now: () => new Date(clock.ms + 24 * 3_600_000 + 1) })
    expect(await count()).toBe(0)
  })

  test('answers 409 while its request runs, and lets one that failed on our side be made again', async () => {
    const body = { meters: [await addMeter(api, api.ours.authorizationUid)] }
    const gate = Promise.withResolvers<void>()
    history.hold = gate.promise
    const running = post('k4', '/meters/historical-collection', body)
    await history.begun.promise
    const during = await post('k4', '/meters/historical-collection', body)
    expect([during.status, during.body['code']]).toEqual([409, 'idempotency_key_in_use'])
    gate.resolve()
    expect((await running).status).toBe(200)
    history.fails = true
    const failed = await post('k5', '/meters/historical-collection', body)
    expect([failed.status, failed.text.includes('secret')]).toEqual([500, false])
    history.fails = false
    expect((await post('k5', '/meters/historical-collection', body)).status).toBe(200)
  })

  test.each(['', 'ä', 'x'.repeat(256), 'a b'])('%j is none', async (key) => {
    const { status, body } = await post(key, '/forms', {})
    expect([status, body['errors']]).toMatchObject([400, [{ field: 'Idempotency-Key' }]])
  })
})
