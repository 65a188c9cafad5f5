import { randomBytes } from 'node:crypto'

import { z } from 'zod'

import { ensureDemoCompany } from '../src/accounts/demo-company.ts'
import type { CustomerPath, FormAddress, FormInput } from '../src/authorization/customer-path.ts'
import { openCustomerPath } from '../src/authorization/open-customer-path.ts'
import type { PathDeps } from '../src/authorization/path-deps.ts'
import { openTokens, type Tokens } from '../src/authorization/tokens.ts'
import type { Uid } from '../src/model/uid.ts'
import type { AuthorizationRow } from '../src/storage/authorizations.ts'
import { openEnvelope } from '../src/storage/secrets.ts'
import { type Connections, openConnections } from '../src/utilities/connections.ts'
import { utilityOf } from '../src/utilities/index.ts'
import { addressesAt } from '../src/utilities/registration.ts'
import { saveRegistration } from '../src/utilities/save-registration.ts'
import { startSimulators, type Simulators, type UtilityInfo } from '../simulators/index.ts'
import { admin } from '../simulators/test-client.ts'
import { type TestDatabase, testDatabase } from './database.ts'
import { type AtUtility, queryOf, shareAt } from './simulated-customer.ts'

/** A whole customer's path over a fresh database and the real simulators; pages are driven as a browser would. */
export type PathBench = {
  database: TestDatabase
  simulators: Simulators
  path: CustomerPath
  deps: PathDeps
  tokens: Tokens
  connections: Connections
  company: { companyUid: Uid; memberUid: Uid; templateUid: Uid; alias: string }
  registrations: Record<'pge' | 'sce' | 'demo', Uid>
  notificationKeys: Record<'pge' | 'sce' | 'demo', string>
  /** What `owe` was called with, in order. */
  owed: AuthorizationRow[]
  clock: { now: Date }
  close(): Promise<void>
}

export const PUBLIC_URL = 'http://127.0.0.1:8400'
const START = new Date('2026-07-15T19:00:00Z')

export async function pathBench(): Promise<PathBench> {
  const database = await testDatabase()
  const thirdParty = (slug: string) => ({
    redirectUri: `${PUBLIC_URL}/utilities/${slug}/callback`,
    notificationUri: 'http://127.0.0.1:9/notifications',
  })
  const simulators = await startSimulators({
    seed: 7,
    clock: START.toISOString(),
    historyMonths: 1,
    thirdParties: { pge: thirdParty('pge'), sce: thirdParty('sce'), demo: thirdParty('demo') },
  })
  const clock = { now: START }
  const base = {
    db: database.db,
    envelope: openEnvelope(randomBytes(32)),
    now: () => clock.now,
    random: (bytes: number) => randomBytes(bytes),
    config: { publicUrl: PUBLIC_URL, operatorName: 'Test Operator', operatorEmail: 'operator@example.com' },
  }
  const connections = openConnections(base)
  const tokens = openTokens({
    ...base,
    connections,
    wait: (ms) => new Promise((done) => void setTimeout(done, ms / 10)),
  })
  const owed: AuthorizationRow[] = []
  const owe: PathDeps['owe'] = (_tx, authorization) => Promise.resolve(void owed.push(authorization))
  const deps = { ...base, connections, tokens, owe }
  const saved = {
    pge: await register(base, simulators.pge),
    sce: await register(base, simulators.sce),
    demo: await register(base, simulators.demo),
  }
  return {
    database,
    simulators,
    deps,
    tokens,
    connections,
    path: openCustomerPath(deps),
    company: await ensureDemoCompany(base),
    registrations: {
      pge: saved.pge.registrationUid,
      sce: saved.sce.registrationUid,
      demo: saved.demo.registrationUid,
    },
    notificationKeys: {
      pge: saved.pge.notificationKey,
      sce: saved.sce.notificationKey,
      demo: saved.demo.notificationKey,
    },
    owed,
    clock,
    async close() {
      await connections.close()
      await simulators.close()
      await database.close()
    },
  }
}

type RegisterDeps = Parameters<typeof saveRegistration>[0]

async function register(deps: RegisterDeps, info: UtilityInfo) {
  const utility = utilityOf(info.utility)
  const { clientId, clientSecret, bulkId, registrationAccessToken, certificate, key } = info.registration
  return await saveRegistration(deps, {
    utility,
    environment: 'simulated',
    companyUid: null,
    clientId,
    bulkId,
    addresses: addressesAt(utility, info),
    secrets: { clientSecret, registrationAccessToken, certificate, key, ca: info.ca },
  })
}

export const address = (over: Partial<FormAddress> = {}): FormAddress => ({
  alias: 'sunrise-solar',
  utilitySlug: 'demo',
  key: null,
  email: null,
  redirectUri: null,
  state: null,
  noRedirect: false,
  language: 'en',
  ...over,
})

/** What a customer fills in who changes nothing that is filled in already. */
export async function filled(path: CustomerPath, at: FormAddress, over: Partial<FormInput> = {}): Promise<FormInput> {
  const view = await path.form(at)
  if ('end' in view) throw new Error(`the form ended: ${view.end}`)
  return {
    name: 'Carla Customer',
    email: 'carla@customer.example',
    endDate: view.defaultEnd,
    utilitySlug: at.utilitySlug ?? 'demo',
    consentVersion: view.consentVersion,
    ...over,
  }
}

export type Started = { redirect: string; cookie: string }

export async function started(
  path: CustomerPath,
  at: FormAddress = address(),
  over: { input?: Partial<FormInput>; cookie?: string | null } = {},
): Promise<Started> {
  const result = await path.start(at, await filled(path, at, over.input), over.cookie ?? null)
  if (!('redirect' in result)) throw new Error(`not started: ${JSON.stringify(result)}`)
  return result
}

/** What has happened so far, to compare before and after. */
export type Tally = { codes: number; authorizations: number; grants: number; refusals: number; alarms: number }

const requestLog = z.object({
  total: z.number(),
  codes: z.number(),
  refreshes: z.number(),
  clientTokens: z.number(),
  last: z.array(z.object({ method: z.string(), target: z.string() })),
})

/** What a simulated utility was asked, as it counts itself. */
export async function requestsAt(info: UtilityInfo): Promise<z.infer<typeof requestLog>> {
  return requestLog.parse(await admin(info, 'GET', '/requests'))
}

export async function tally(
  { database, simulators }: PathBench,
  utility: 'pge' | 'sce' | 'demo' = 'demo',
): Promise<Tally> {
  const { codes } = await requestsAt(simulators[utility])
  const [row] = await database.admin(
    `select (select count(*)::int from authorizations) authorizations, (select count(*)::int from grants) grants,
            (select count(*)::int from audit_entries where action = 'callback_refused') refusals,
            (select count(*)::int from audit_entries where action = 'operator_alarm') alarms`,
  )
  const number = (name: string): number => Number(row?.[name])
  return {
    codes,
    authorizations: number('authorizations'),
    grants: number('grants'),
    refusals: number('refusals'),
    alarms: number('alarms'),
  }
}

/** Arranges a fault at a simulated utility. */
export async function fault(info: UtilityInfo, arranged: Record<string, unknown>): Promise<void> {
  await admin(info, 'POST', '/fault', { times: 1, ...arranged })
}

/** Everything up to the receipt; the uid of the authorization and the receipt's key. */
export async function shared(
  bench: PathBench,
  options: {
    utility?: 'pge' | 'sce' | 'demo'
    at?: FormAddress
    input?: Partial<FormInput>
    customer?: AtUtility
  } = {},
): Promise<{ authorizationUid: Uid; receiptKey: string; flowUid: Uid; cookie: string }> {
  const { utility = 'demo', at = address({ utilitySlug: utility }), input = {}, customer = {} } = options
  const { flowUid, cookie } = await granted(bench, { utility, at, input, customer })
  const done = await bench.path.confirm(flowUid, cookie)
  if ('end' in done) throw new Error(`not confirmed: ${done.end}`)
  const authorizationUid = bench.owed.at(-1)?.authorizationUid ?? ''
  return { authorizationUid, receiptKey: done.receiptKey, flowUid, cookie }
}

/** Everything up to the final step. */
export async function granted(
  bench: PathBench,
  options: {
    utility?: 'pge' | 'sce' | 'demo'
    at?: FormAddress
    input?: Partial<FormInput>
    customer?: AtUtility
  } = {},
): Promise<{ flowUid: Uid; cookie: string }> {
  const { utility = 'demo', at = address({ utilitySlug: utility }), input = {}, customer = {} } = options
  const { redirect, cookie } = await started(bench.path, at, { input })
  const back = await shareAt(redirect, customer)
  const arrived = await bench.path.callback(utility, queryOf(back), cookie)
  if (!('flowUid' in arrived)) throw new Error(`not granted: ${JSON.stringify(arrived)}`)
  return { flowUid: arrived.flowUid, cookie }
}
