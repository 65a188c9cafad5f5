import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { addBills, addMeter, addReadings, apiFixture, type Fixture, PUBLIC_URL } from '../../test/api-fixture.ts'
import { makeObjects, sampleOf } from '../../test/api-samples.ts'
import { appendEvent } from '../storage/events.ts'
import { endpoints } from './register-api.ts'

let api: Fixture
beforeAll(async () => void (api = await apiFixture()))
afterAll(async () => await api.close())

const inject = async (request: InjectOptions) => {
  const answer = await api.app.inject(request)
  const body: Record<string, unknown> = JSON.parse(answer.body)
  return { status: answer.statusCode, headers: answer.headers, body }
}
const bearer = { authorization: 'Bearer token-ours' }

describe('a token', () => {
  test.each([
    ['a Bearer header', { headers: bearer, url: '/api/v2/forms' }],
    ['a bearer header in other case', { headers: { authorization: 'bearer token-ours' }, url: '/api/v2/forms' }],
    ['X-Api-Key', { headers: { 'x-api-key': 'token-ours' }, url: '/api/v2/forms' }],
    ['access_token', { url: '/api/v2/forms?access_token=token-ours' }],
  ])('is taken from %s', async (_name, request) => {
    expect((await inject(request)).status).toBe(200)
  })

  test.each([
    ['none', { url: '/api/v2/forms' }],
    ['unknown', { url: '/api/v2/forms', headers: { authorization: 'Bearer x' } }],
    ['Basic', { url: '/api/v2/forms', headers: { authorization: 'Basic dG9rZW4tb3Vyczo=' } }],
    ['given twice', { url: '/api/v2/forms?access_token=token-ours&access_token=token-ours' }],
    ['for an unknown address', { url: '/api/v2/nothing' }],
    ['for another method', { url: '/api/v2/templates', method: 'DELETE' as const }],
  ])('%s is 401 with the error object', async (_name, request) => {
    const { status, body, headers } = await inject(request)
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toBe('Bearer')
    expect(Object.entries(body)).toEqual([
      ['error', 'unauthorized'],
      ['error_description', expect.any(String)],
      ['url', `${PUBLIC_URL}/docs/errors/unauthorized`],
    ])
  })

  test('every endpoint needs one', async () => {
    for (const { method, path } of endpoints)
      expect((await inject({ method, url: `/api/v2${path.replaceAll(/:\w+/g, '1')}` })).status).toBe(401)
  })
})

describe('a body', () => {
  const post = async (payload: string | undefined, headers: Record<string, string> = {}) =>
    await inject({
      method: 'POST',
      url: '/api/v2/forms',
      headers: { ...bearer, ...headers },
      ...(payload === undefined ? {} : { payload }),
    })

  test.each([
    'application/x-www-form-urlencoded',
    'application/json',
    'application/json; charset=utf-8',
    'text/plain',
    'multipart/form-data',
    'nonsense',
  ])('is JSON under the type %s', async (type) => {
    const { status, body } = await post('{"customer_email": "c@customer.example"}', { 'content-type': type })
    expect([status, body['customer_email']]).toEqual([200, 'c@customer.example'])
    expect((await post('', { 'content-type': type })).status).toBe(200)
  })

  test.each(['{', '[]', '"x"', '7', '{"a":1}}', 'customer_email=c'])('%s is refused', async (payload) => {
    const { status, body } = await post(payload)
    expect([status, body['error']]).toEqual([400, 'invalid_param'])
  })

  test('too large is 413, compressed is 415', async () => {
    const large = await post(JSON.stringify({ x: 'x'.repeat(300_000) }))
    expect([large.status, large.body['error']]).toEqual([413, 'payload_too_large'])
    const packed = await post('{}', { 'content-encoding': 'gzip' })
    expect([packed.status, packed.body['error']]).toEqual([415, 'unsupported_media_type'])
  })

  test('cannot reach a prototype', async () => {
    const { status, body } = await post('{"__proto__": {"disabled": true}, "constructor": {"prototype": {"x": 1}}}')
    expect([status, body['disabled']]).toEqual([200, false])
    expect({}).not.toHaveProperty('x')
  })
})

describe('an address', () => {
  test('alone answers with an index, without a token', async () => {
    for (const url of ['/api/v2', '/api/v2/']) {
      const { status, body } = await inject({ url })
      expect(status).toBe(200)
      expect(body).toMatchObject({ version: 'v2', endpoints: expect.arrayContaining([`${PUBLIC_URL}/api/v2/meters`]) })
    }
  })

  test.each(['/api/v2/nothing', '/api/v2/meters/1/2/3', '/api/v2/meters/abc', '/api/v2/meters/99999999999999999999'])(
    '%s is not found',
    async (url) => {
      const { status, body } = await inject({ url, headers: bearer })
      expect(status).toBe(404)
      expect(body).toEqual({
        error: 'not_found',
        error_description: 'Resource not found',
        url: `${PUBLIC_URL}/docs/errors/not_found`,
      })
    },
  )

  test('says which methods it has when asked with another', async () => {
    const { status, headers, body } = await inject({ method: 'PUT', url: '/api/v2/forms/1', headers: bearer })
    expect([status, headers['allow'], body['error']]).toEqual([405, 'GET, PATCH, DELETE', 'method_not_allowed'])
  })

  test('never shows what went wrong inside, and no log line holds a token or a value', async () => {
    const logs: string[] = []
    const authenticate = async () => await Promise.reject(new Error('secret detail'))
    const broken = await apiFixture({ authenticate }, logs)
    for (const path of ['/meters', '/nothing', '/files/raw_feed/1/2']) {
      const { status, body, text } = await broken.get(`${path}?access_token=secret`, 'secret')
      expect([status, body['error']]).toEqual([500, 'server_error'])
      expect(text).not.toContain('secret')
    }
    await broken.close()
    expect(logs.filter((line) => line.includes('an API request failed'))).toHaveLength(3)
    expect(logs.filter((line) => line.includes('"req":"GET /api/v2/meters"'))).toHaveLength(1)
    expect(logs.filter((line) => line.includes('secret'))).toEqual([])
  })

  test('of a page never follows the Host header', async () => {
    await api.send('POST', '/forms')
    await api.send('POST', '/forms')
    const { body } = await inject({ url: '/api/v2/forms?limit=1', headers: { ...bearer, host: 'evil.example' } })
    expect(body['next']).toMatch(/^https:\/\/proxy\.example\//)
  })
})

describe('another company', () => {
  let paths: Record<string, string>
  beforeAll(async () => {
    const uid = api.ours.authorizationUid
    const meter = await addMeter(api, uid)
    await addBills(api, [uid, meter], [{}])
    await addReadings(api, [uid, meter], { start: '2026-07-01T07:00:00Z', values: [1] })
    const event = await api.database.db.operator((tx) =>
      appendEvent(tx, { type: 'authorization_created', authorizationUid: uid, now: new Date() }),
    )
    const form = (await api.send('POST', '/forms')).body['uid']
    paths = {
      '/templates/:uid': `/templates/${api.ours.templateUid}`,
      '/forms/:uid': `/forms/${String(form)}`,
      '/authorizations/:uid': `/authorizations/${uid}`,
      '/authorizations/:uid/revoke': `/authorizations/${uid}/revoke`,
      '/meters/:uid': `/meters/${meter}`,
      '/events/:uid': `/events/${event}`,
      '/accounting/billing-accounts/:uid': `/accounting/billing-accounts/${meter}`,
      '/accounting/billing-summaries/:uid': `/accounting/billing-summaries/${meter}`,
      '/files/raw_feed/:authorization_uid/:raw_feed_uid': `/files/raw_feed/${uid}/${meter}`,
      '/bills': `/bills?authorizations=${uid}&meters=${meter}`,
      '/intervals': `/intervals?authorizations=${uid}&meters=${meter}`,
      '/files/intervals_csv': `/files/intervals_csv?authorizations=${uid}&meters=${meter}`,
    }
  })

  test('gets for our uid, at every address and method, what an unknown uid gets, and changes nothing', async () => {
    const before = await api.get(paths['/authorizations/:uid'] ?? '')
    for (const { method, path } of endpoints) {
      const ours = paths[path]
      if (!ours) continue
      const unknown = ours.replaceAll(/\d{4,}/g, '4503599627370497')
      const body = { is_archived: true, is_delivered: true, disabled: true }
      const [foreign, nothing] = [
        await api.send(method, ours, method === 'GET' ? undefined : body, 'token-theirs'),
        await api.send(method, unknown, method === 'GET' ? undefined : body, 'token-theirs'),
      ]
      expect([method, path, foreign.status]).toEqual([method, path, 404])
      expect(foreign.text).toBe(nothing.text)
    }
    expect(await api.get(paths['/authorizations/:uid'] ?? '')).toMatchObject({ body: before.body })
    expect(api.calls).toEqual([])
  })

  test('lists nothing of ours', async () => {
    const theirs = await makeObjects(api, api.theirs, 'token-theirs')
    for (const endpoint of endpoints) {
      const { method, path } = endpoint
      if (method !== 'GET' || path.includes(':')) continue
      const { status, text } = await api.get(sampleOf(endpoint, theirs).address, 'token-theirs')
      expect([path, status]).toEqual([path, 200])
      for (const uid of [api.ours.authorizationUid, api.ours.templateUid, api.ours.memberUid])
        expect(text).not.toContain(`"${uid}"`)
    }
  })

  test('cannot use our cursor', async () => {
    const meter = (paths['/meters/:uid'] ?? '').replace('/meters/', '')
    const [foreign, unknown] = [
      await api.get(`/meters?after=${meter}`, 'token-theirs'),
      await api.get('/meters?after=4503599627370497', 'token-theirs'),
    ]
    expect([foreign.status, foreign.text]).toEqual([unknown.status, unknown.text])
  })
})
