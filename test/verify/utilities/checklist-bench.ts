import { afterAll, afterEach, beforeAll } from 'vitest'

import type { SimulatorOptions, UtilityInfo } from '../../../simulators/contract.ts'
import { type Simulators, startSimulators } from '../../../simulators/index.ts'
import {
  admin,
  all,
  type Api,
  apiOf,
  type Got,
  linkOf,
  listenForNotifications,
  type Listener,
  parse,
  resourcesOf,
  share,
} from '../../../simulators/test-client.ts'

/**
 * A third party made of node:http, undici's fetch and nothing of src/: what the checklist of
 * `reference/utilities.md` part D is asked through.
 */
export type Bench = {
  simulators: Simulators
  utility: UtilityInfo
  listener: Listener
  api: Api
  base: string
  admin(method: string, path: string, body?: unknown): Promise<unknown>
  /** The customer shares everything (or what `changes` leaves), and the code is exchanged. */
  grant(login: string, changes?: Record<string, string | null>): Promise<Grant>
  clientToken(): Promise<string>
  /** What the utility posts as a result of `cause`: the addresses of `count` notifications. */
  announced(cause: () => Promise<unknown>, count?: number): Promise<string[][]>
}

export type Grant = {
  access: string
  refresh: string
  id: string
  points: string[]
  json: Record<string, unknown>
  back: URL
}

const bases = {
  'PG&E': '/GreenButtonConnect/espi/1_1/resource',
  SCE: '/DataCustodian/espi/1_1/resource',
  DEMO: '/espi/1_1/resource',
}

export const clock = '2026-07-15T19:00:00Z'

/** Starts simulators for the file; after each test nothing is shared or on its way, and the clock is set back. */
export const openBench = (name: 'pge' | 'sce', options: SimulatorOptions = {}): (() => Bench) => {
  let bench: Bench | null = null
  const opened = (): Bench => {
    if (!bench) throw new Error('The bench is not open yet')
    return bench
  }
  beforeAll(async () => {
    bench = await start(name, options)
  })
  afterEach(async () => {
    await clear(opened())
    await opened().admin('PUT', '/clock', { clock })
  })
  afterAll(async () => {
    const { api, simulators, listener } = opened()
    await api.close()
    await simulators.close()
    await listener.close()
  })
  return opened
}

type Sent = { fault: string | null; status: unknown }
type Shared = { id: string; status: number }

/** Ends what is shared, in silence, and waits for what was posted to arrive: tests count notifications. */
async function clear({ admin: ask, utility }: Bench): Promise<void> {
  const listOf = async (path: string): Promise<string> => (await fetch(`${utility.admin}/_admin${path}`)).text()
  await ask('DELETE', '/fault')
  await ask('POST', '/fault', { on: 'notification', mode: 'lost', times: 10_000 })
  const shared: Shared[] = JSON.parse(await listOf('/authorizations'))
  for (const { id, status } of shared) if (status === 1) await ask('POST', '/revoke', { subscription: id })
  await ask('DELETE', '/fault')
  for (let waiting = true; waiting;) {
    const sent: Sent[] = JSON.parse(await listOf('/notifications'))
    waiting = sent.some(({ fault, status }) => fault === null && status === null)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function start(name: 'pge' | 'sce', options: SimulatorOptions): Promise<Bench> {
  const listener = await listenForNotifications()
  const simulators = await startSimulators({
    seed: 7,
    clock,
    historyMonths: 2,
    thirdParties: { [name]: listener },
    ...options,
  })
  const utility = simulators[name]
  const api = apiOf(utility)
  const base = bases[utility.utility]
  const ask = (method: string, path: string, body?: unknown): Promise<unknown> => admin(utility, method, path, body)
  return {
    simulators,
    utility,
    listener,
    api,
    base,
    admin: ask,
    grant: (login, changes) => grantAt({ utility, api, listener }, login, changes),
    clientToken: async () => {
      const { json } = await api.token({ grant_type: 'client_credentials' })
      return String(json['client_access_token'] ?? json['access_token'])
    },
    announced: async (cause, count = 1) => {
      const before = listener.bodies.length
      await cause()
      await listener.next(before + count)
      return listener.bodies.slice(before, before + count).map(resourcesOf)
    },
  }
}

type At = { utility: UtilityInfo; api: Api; listener: Listener }

/** The code flow at a utility, for a third party that has these credentials and addresses. */
export async function grantAt(
  { utility, api, listener }: At,
  login: string,
  changes?: Record<string, string | null>,
): Promise<Grant> {
  const { redirectUri } = listener
  const back = await share(utility, login, { redirectUri, ...(changes ? { changes } : {}) })
  const { json } = await api.token({
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    redirect_uri: redirectUri,
  })
  const access = String(json['access_token'])
  const id = String(json['authorizationURI']).split('/').at(-1) ?? ''
  const points =
    utility.utility === 'PG&E'
      ? (await entries(api, `${bases['PG&E']}/Subscription/${id}/UsagePoint`, access)).map(lastOfSelf)
      : []
  return { access, refresh: String(json['refresh_token']), id, points, json, back }
}

export const entries = async (api: Api, path: string, token: string): Promise<ReturnType<typeof all>> => {
  const answer = await api.get(path, token)
  return answer.status === 200 && answer.body !== '' ? all(parse(answer.body), 'entry') : []
}

export const lastOfSelf = (entry: ReturnType<typeof parse>): string => linkOf(entry, 'self').split('/').at(-1) ?? ''

/** Texts of all elements of that name. */
export const texts = (got: Pick<Got, 'body'>, name: string): string[] =>
  got.body === '' ? [] : all(parse(got.body), name).map((node) => node.text.trim())

export const batchOf = (bench: Bench, grant: Grant, query = '', n = 0): Promise<Got> =>
  bench.api.get(
    `${bench.base}/Batch/Subscription/${grant.id}/UsagePoint/${grant.points[n] ?? ''}${query}`,
    grant.access,
  )

export const billsOf = (bench: Bench, grant: Grant, query = '', n = 0): Promise<Got> =>
  bench.api.get(
    `${bench.base}/Subscription/${grant.id}/UsagePoint/${grant.points[n] ?? ''}/UsageSummary${query}`,
    grant.access,
  )

/** One more third party at the utility, with a client of its own. */
export async function addThirdParty(
  bench: Bench,
  name: string,
  options: Record<string, unknown> = {},
): Promise<{ utility: UtilityInfo; api: Api; listener: Listener; close(): Promise<void> }> {
  const listener = await listenForNotifications()
  const { redirectUri, notificationUri, portalUri } = listener
  const answer = await fetch(`${bench.utility.admin}/_admin/third-parties`, {
    method: 'POST',
    body: JSON.stringify({ name, redirectUri, notificationUri, portalUri, ...options }),
  })
  const { registration }: Pick<UtilityInfo, 'registration'> = JSON.parse(await answer.text())
  const utility = { ...bench.utility, registration }
  const api = apiOf(utility)
  return {
    utility,
    api,
    listener,
    close: async () => {
      await api.close()
      await listener.close()
    },
  }
}
