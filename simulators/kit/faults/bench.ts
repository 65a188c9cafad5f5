import { afterAll, afterEach, beforeAll } from 'vitest'
import { type Simulators, startSimulators } from '../../index.ts'
import { rawClientOf, type Seen } from '../../raw-client.ts'
import { admin, all, type Api, apiOf, listenForNotifications, type Listener, parse, share } from '../../test-client.ts'

/** A grant at a simulated PG&E and a client made of node:https, for the tests of the fault modes. */
export type Bench = {
  simulators: Simulators
  listener: Listener
  api: Api
  token: string
  refresh: string
  /** Path of a feed of three days, and what it says without a fault. */
  feed: string
  right: string
}

/** Starts before the tests of the file and ends after them; faults are taken back after each. */
export const openBench = (): (() => Bench) => {
  let bench: Bench | null = null
  const opened = (): Bench => {
    if (!bench) throw new Error('The bench is not open yet')
    return bench
  }
  beforeAll(async () => {
    bench = await start()
  })
  afterEach(async () => {
    await admin(opened().simulators.pge, 'DELETE', '/fault')
  })
  afterAll(async () => {
    const { api, simulators, listener } = opened()
    await api.close()
    await simulators.close()
    await listener.close()
  })
  return opened
}

async function start(): Promise<Bench> {
  const listener = await listenForNotifications()
  const simulators = await startSimulators({
    seed: 5,
    clock: '2026-07-15T19:00:00Z',
    historyMonths: 1,
    thirdParties: { pge: listener },
  })
  const api = apiOf(simulators.pge)
  const { token, refresh, resource } = await grantAt({ simulators, listener, api })
  const answer = await fetch(`${simulators.pge.admin}/_admin/authorizations`)
  const list: { agreements: string[] }[] = JSON.parse(await answer.text())
  const window = 'published-min=2026-07-01T07:00:00Z&published-max=2026-07-04T06:59:59Z'
  const feed = `${new URL(resource).pathname}/UsagePoint/${list.at(-1)?.agreements[0] ?? ''}?${window}`
  const right = (await api.get(feed, token)).body
  return { simulators, listener, api, token, refresh, feed, right }
}

export const grantAt = async ({ simulators, listener, api }: Pick<Bench, 'simulators' | 'listener' | 'api'>) => {
  const back = await share(simulators.pge, 'home', { redirectUri: listener.redirectUri })
  const { json } = await api.token({
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    redirect_uri: listener.redirectUri,
  })
  const text = (name: string): string => String(json[name])
  return { token: text('access_token'), refresh: text('refresh_token'), resource: text('resourceURI'), json }
}

export const arrange = ({ simulators }: Bench, fault: Record<string, unknown>): Promise<unknown> =>
  admin(simulators.pge, 'POST', '/fault', fault)

/** The feed, asked for once under a fault by a client that gives up on silence. */
export const seeFeed = async (bench: Bench, fault: Record<string, unknown>, patienceMs = 10_000): Promise<Seen> => {
  await arrange(bench, { on: 'resource', ...fault })
  const client = rawClientOf(bench.simulators.pge, { patienceMs })
  const seen = await client.request(bench.feed, { token: bench.token })
  client.close()
  return seen
}

/** A token request under a fault, by default for a client token. */
export const seeToken = async (
  bench: Bench,
  fault: Record<string, unknown>,
  form = 'grant_type=client_credentials',
): Promise<Seen> => {
  await arrange(bench, { on: 'token', ...fault })
  const client = rawClientOf(bench.simulators.pge)
  const { clientId, clientSecret } = bench.simulators.pge.registration
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
  const seen = await client.request('/datacustodian/oauth/v2/token', { basic, form })
  client.close()
  return seen
}

export const text = (seen: Seen): string => seen.body.toString('utf8')
export const readings = (xml: string): string[] => all(parse(xml), 'IntervalReading').map((r) => JSON.stringify(r))
