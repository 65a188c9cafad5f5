import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSimulators, type Simulators } from '../index.ts'
import { addFeed, emptySums, ledgerFrom } from '../test-sums.ts'
import {
  admin,
  all,
  type Api,
  apiOf,
  listenForNotifications,
  type Listener,
  parse,
  press,
  resourcesOf,
  share,
  visit,
} from '../test-client.ts'

let simulators: Simulators
let listener: Listener
let api: Api

beforeAll(async () => {
  listener = await listenForNotifications()
  simulators = await startSimulators({
    seed: 5,
    clock: '2026-07-15T19:00:00Z',
    historyMonths: 1,
    thirdParties: { demo: listener },
  })
  api = apiOf(simulators.demo)
})

afterAll(async () => {
  await api.close()
  await simulators.close()
  await listener.close()
})

const grant = async (login: string): Promise<Record<string, string>> => {
  const back = await share(simulators.demo, login, { redirectUri: listener.redirectUri })
  const { json } = await api.token({
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    redirect_uri: listener.redirectUri,
  })
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, String(value)]))
}

test.each(['test', 'commercial'])('one batch of %s holds readings and bills that equal the ledger', async (login) => {
  const { access_token: token = '', resourceURI = '', customerResourceURI = '' } = await grant(login)
  const sums = emptySums()
  addFeed(sums, parse((await api.get(resourceURI, token)).body))
  const { kwh_delivered, ...rest } = ledgerFrom(sums)
  const ledger = await admin(simulators.demo, 'GET', `/ledger?login=${login}`)
  expect(ledger).toMatchObject({ ...rest, kwh_delivered })
  expect(all(parse((await api.get(customerResourceURI, token)).body), 'Meter')).toHaveLength(sums.points.size)
})

test('a window limits the blocks, a bad one is refused, a changed day is announced', async () => {
  const { access_token: token = '', resourceURI = '' } = await grant('test')
  const day = await api.get(
    `${resourceURI}?published-min=2026-07-01T07:00:00Z&published-max=2026-07-02T06:59:59Z`,
    token,
  )
  expect(all(parse(day.body), 'IntervalBlock')).toHaveLength(1)
  expect((await api.get(`${resourceURI}?published-min=x`, token)).status).toBe(400)
  const before = listener.bodies.length
  await admin(simulators.demo, 'POST', '/correct', { login: 'test' })
  await listener.next(before + 1)
  expect(resourcesOf(listener.bodies[before] ?? '')).toContain(resourceURI)
})

test('a code bound to a challenge wants its verifier', async () => {
  const verifier = 'v'.repeat(43)
  const query = new URLSearchParams({
    client_id: simulators.demo.registration.clientId,
    redirect_uri: listener.redirectUri,
    response_type: 'code',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const code = async (): Promise<string> => {
    const first = await visit(`${simulators.demo.pages}/oauth/authorize?${query.toString()}`)
    const last = await press(
      await press(first, '/sign-in', 'sign-in', { login: 'test', password: 'test' }),
      '/submit',
      'submit',
    )
    return new URL(last.location ?? '').searchParams.get('code') ?? ''
  }
  const exchange = async (extra: Record<string, string>): Promise<number> =>
    (
      await api.token({
        grant_type: 'authorization_code',
        code: await code(),
        redirect_uri: listener.redirectUri,
        ...extra,
      })
    ).status
  expect([await exchange({}), await exchange({ code_verifier: verifier })]).toEqual([400, 200])
})
