import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import createClient from 'openapi-fetch'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'

import { type RunningApp, startRunningApp, untilCollected } from '../../test/running-app.ts'
import type { components, paths } from './api-v2.ts'
import type { paths as NativePaths } from './api-v3.ts'
import { fileOf, generateTypes, writeFormatted } from './generate.ts'

describe('the committed types', () => {
  test.each(['v2', 'v3'] as const)('of %s are what its document says today (npm run client)', async (version) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'gbp-types-'))
    try {
      const today = await writeFormatted(path.join(folder, 'api.ts'), await generateTypes(version))
      expect(await readFile(fileOf(version), 'utf8')).toBe(today)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('know objects by name, and what may be missing', () => {
    type Meter = components['schemas']['Meter']
    expectTypeOf<Meter['uid']>().toEqualTypeOf<string>()
    expectTypeOf<components['schemas']['Bill']['base']['bill_total_cost']>().toEqualTypeOf<number | null>()
  })
})

describe('a program written with them', () => {
  let running: RunningApp
  beforeAll(async () => void (running = await startRunningApp()))
  afterAll(async () => await running.close())

  test('goes from a form to bills and readings', async () => {
    const { apiUrl, token } = running.shown
    const client = createClient<paths>({ baseUrl: apiUrl, headers: { authorization: `Bearer ${token}` } })

    const form = await client.POST('/forms', { body: { utility: 'DEMO', customer_email: 'carla@customer.example' } })
    expect(form.data?.url).toContain(running.url)

    const { authorizationUid } = await running.share('demo', 'test')
    await untilCollected(running, authorizationUid)
    const authorization = await client.GET('/authorizations/{uid}', { params: { path: { uid: authorizationUid } } })
    expect(authorization.data?.status).toBe('updated')

    const query = { authorizations: [authorizationUid] }
    const meters = await client.GET('/meters', { params: { query } })
    const [meter] = meters.data?.meters ?? []
    expect(meter?.authorization_uid).toBe(authorizationUid)

    const bills = await client.GET('/bills', { params: { query: { meters: [meter?.uid ?? ''] } } })
    const total = bills.data?.bills.reduce((sum, { base }) => sum + (base?.bill_total_cost ?? 0), 0)
    expect(total).toBeGreaterThan(0)
    const intervals = await client.GET('/intervals', { params: { query: { meters: [meter?.uid ?? ''] } } })
    expect(intervals.data?.intervals[0]?.readings?.[0]?.datapoints[0]?.type).toBe('net')
  })

  test('is told in words what it did wrong, in the shape of each version', async () => {
    const { apiUrl, token } = running.shown
    const headers = { authorization: `Bearer ${token}` }
    const client = createClient<paths>({ baseUrl: apiUrl, headers })
    const { error, response } = await client.GET('/meters/{uid}', { params: { path: { uid: '1' } } })
    expect([response.status, error?.error]).toEqual([404, 'not_found'])

    const native = createClient<NativePaths>({ baseUrl: apiUrl.replace('/v2', '/v3'), headers })
    const refused = await native.POST('/webhooks', { body: { url: 'not an address' } })
    expect([refused.error?.status, refused.error?.errors?.[0]?.field]).toEqual([400, 'url'])
  })
})
