import { randomBytes } from 'node:crypto'

import Fastify, { type FastifyInstance } from 'fastify'

import type { Credential } from '../src/accounts/api-tokens.ts'
import type { NativeDeps } from '../src/api/endpoint.ts'
import { registerApi } from '../src/api/register-api.ts'
import { registerNativeApi } from '../src/api/register-native-api.ts'
import type { Bill } from '../src/model/bill.ts'
import type { MeterFacts } from '../src/model/meter.ts'
import { SCOPES } from '../src/model/roles.ts'
import type { Channel, Series } from '../src/model/series.ts'
import type { Uid } from '../src/model/uid.ts'
import { saveBills } from '../src/storage/bills.ts'
import { setMonitoring } from '../src/storage/edit-meter.ts'
import { upsertMeters } from '../src/storage/meters.ts'
import { openEnvelope } from '../src/storage/secrets.ts'
import { mergeSeries } from '../src/storage/series.ts'
import { currencyE5 } from '../src/units/currency-e5.ts'
import { epochSeconds } from '../src/units/epoch-seconds.ts'
import type { Utility } from '../src/utilities/contract.ts'
import { utilities } from '../src/utilities/index.ts'
import { checkAnswer } from './check-answer.ts'
import { type Seed, seedCompany, type TestDatabase, testDatabase } from './database.ts'

export const NOW = new Date('2026-11-25T12:00:00Z')
export const PACIFIC = 'America/Los_Angeles'
export const PUBLIC_URL = 'https://proxy.example'

/** body: the JSON, {} where the answer is none. */
export type Answer = {
  status: number
  body: Record<string, unknown>
  headers: Record<string, unknown>
  text: string
}

/** The words of a text: lists of keys, in order. */
export function words(text: string): string[] {
  return text.trim().split(/\s+/)
}

/** The objects of a listing, as the test says that they are. */
export function listOf<Row = Record<string, unknown>>({ text }: Answer, plural: string): Row[] {
  const body: Record<string, Row[]> = JSON.parse(text)
  return body[plural] ?? []
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT'

export type Fixture = {
  database: TestDatabase
  app: FastifyInstance
  /** Two companies that must never see each other; their tokens are token-ours and token-theirs. */
  ours: Seed
  theirs: Seed
  calls: unknown[][]
  get(path: string, token?: string): Promise<Answer>
  send(method: Method, path: string, body?: unknown, token?: string, headers?: Record<string, string>): Promise<Answer>
  close(): Promise<void>
}

/** A credential of a company's member that may do everything. */
export function ownerOf({ companyUid, memberUid }: Seed): Credential {
  return { companyUid, memberUid, role: 'owner', scopes: SCOPES }
}

/**
 * Both versions of the API on a fresh database with two companies; paths are of v2 unless they begin with /api/. Every answer is
 * checked against the schema that its endpoint declares. `revoke` marks the row as revoked.
 */
export async function apiFixture(changes: Partial<NativeDeps> = {}, logs?: string[]): Promise<Fixture> {
  const database = await testDatabase()
  const { db } = database
  const ours = await seedCompany(db, { now: NOW })
  const theirs = await seedCompany(db, { now: NOW })
  const calls: unknown[][] = []
  const deps: NativeDeps = {
    db,
    now: () => NOW,
    publicUrl: PUBLIC_URL,
    authenticate: async (token) => {
      const seed = { 'token-ours': ours, 'token-theirs': theirs }[token]
      return seed === undefined ? null : ownerOf(seed)
    },
    utilityOf: (id): Utility | null => utilities.find((utility) => utility.id === id) ?? null,
    revoke: async (authorizationUid, by) => {
      calls.push(['revoke', authorizationUid, by])
      await database.admin(
        `update authorizations set state = 'revoked', revoked = $2, ended = $2 where authorization_uid = $1`,
        [authorizationUid, NOW],
      )
    },
    oweHistory: async (...given) => {
      calls.push(['oweHistory', ...given])
      return given[1]
    },
    setMonitoring: async (companyUid, meterUids, frequency, fixedRefreshDay) => {
      calls.push(['setMonitoring', companyUid, meterUids, frequency, fixedRefreshDay])
      await db.company(companyUid, async (tx) => {
        const nextRefresh = frequency === 'off' ? null : '2026-12-25T12:00:00.000000+00:00'
        for (const uid of meterUids) await setMonitoring(tx, uid, { frequency, fixedRefreshDay, nextRefresh }, NOW)
      })
      return meterUids
    },
    openRawFeed: async () => ({ mediaType: 'application/atom+xml', bytes: Buffer.from('<feed/>') }),
    testSubmit: async (...given) => {
      calls.push(['testSubmit', ...given])
      return 'referral-of-a-test'
    },
    envelope: openEnvelope(randomBytes(32)),
    allowed: [],
    lookup: async (host) => (host.endsWith('.example.com') ? ['93.184.216.34'] : []),
    random: randomBytes,
    utilities,
    rateLimit: { requests: 100_000, seconds: 60 },
    ...changes,
  }
  const app = Fastify(logs ? { logger: { stream: { write: (line: string) => void logs.push(line) } } } : {})
  registerApi(app, deps)
  registerNativeApi(app, deps)
  await app.ready()
  const ask = async (method: Method, path: string, payload: unknown, token: string, headers = {}): Promise<Answer> => {
    const url = path.replace(PUBLIC_URL, '')
    const address = url.startsWith('/api/') ? url : `/api/v2${path}`
    const answer = await app.inject({
      method,
      url: address,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
    })
    const isJson = /^application\/(?:problem\+)?json/.test(String(answer.headers['content-type']))
    const body: Record<string, unknown> = isJson ? answer.json() : {}
    if (answer.statusCode === 200 && isJson) checkAnswer(method, address, body)
    return { status: answer.statusCode, body, headers: answer.headers, text: answer.body }
  }
  return {
    database,
    app,
    ours,
    theirs,
    calls,
    get: async (path, token = 'token-ours') => await ask('GET', path, undefined, token),
    send: async (method, path, body, token = 'token-ours', headers = {}) =>
      await ask(method, path, body, token, headers),
    async close() {
      await app.close()
      await database.close()
    },
  }
}

export const meterFacts: MeterFacts = {
  usagePoint: 'up-1',
  commodity: 'electricity',
  serviceIdentifier: '1234222222-9',
  serviceTariff: 'E-TOU-C',
  serviceClass: 'res-electric',
  serviceAddress: '123 Main St, Berkeley CA 94703',
  meterNumbers: ['1009999999'],
  billingContact: 'Carla Customer',
  billingAddress: '123 Main St, Berkeley CA 94703',
  billingAccount: '77-1',
  voltage: null,
  readCycle: null,
  programs: [],
  suppliers: [],
  otherDevices: [],
  status: 'active',
}

export async function addMeter(
  { database }: Fixture,
  authorizationUid: Uid,
  facts: Partial<MeterFacts> = {},
  now = NOW,
): Promise<Uid> {
  const told = { ...meterFacts, ...facts }
  const [row] = await database.db.operator((tx) => upsertMeters(tx, authorizationUid, [told], { now }))
  if (!row) throw new Error('no meter')
  return row.meterUid
}

export const KWH: Channel = { commodity: 'electricity', direction: 'delivered', quantified: 'energy', unit: 'Wh' }

/** Readings of one channel; `values` in `10 ** exponent` of its unit, one each `duration` seconds from `start` on. */
export async function addReadings(
  { database }: Fixture,
  [authorizationUid, meterUid]: [Uid, Uid],
  given: {
    start: string
    values: (number | null)[]
    channel?: Partial<Channel>
    exponent?: number
    duration?: number
    zone?: string
    source?: Uid
    quality?: number
  },
): Promise<void> {
  const { start, duration = 900, exponent = -3, zone = PACIFIC, source = '1', quality = 5 } = given
  const first = Date.parse(start) / 1000
  const rows = given.values.flatMap((value, at) => (value === null ? [] : [{ at: first + at * duration, value }]))
  const series: Series = {
    usagePoint: 'up-1',
    channel: { ...KWH, ...given.channel },
    exponent,
    start: Float64Array.from(rows, ({ at }) => at),
    duration: new Uint32Array(rows.length).fill(duration),
    value: Float64Array.from(rows, ({ value }) => value),
    quality: new Uint8Array(rows.length).fill(quality),
    cost: null,
    tou: null,
    currency: null,
  }
  await database.db.operator((tx) => mergeSeries(tx, authorizationUid, meterUid, series, { zone, source, now: NOW }))
}

/** The bill of the incumbent's documentation: four tiers and a tax that add up to 194.78. */
export const sampleBill: Bill = {
  usagePoint: 'up-1',
  commodity: 'electricity',
  start: epochSeconds(Date.parse('2026-01-07T08:00:00Z') / 1000),
  end: epochSeconds(Date.parse('2026-02-05T08:00:00Z') / 1000),
  statementDate: null,
  total: currencyE5(19_478_000),
  totalFrom: 'statement',
  currency: 'USD',
  volume: { value: 837_000_000, exponent: -3, unit: 'Wh' },
  tariff: 'E1 XB',
  readCycle: null,
  lines: [
    line('Tier 1', 5_288_000, 327_000_000, 16_170),
    line('Tier 2', 1_814_000, 98_100_000, 18_491),
    line('Tier 3', 6_254_000, 228_900_000, 27_322),
    line('Tier 4', 6_098_000, 183_000_000, 33_322),
    line('Energy Commission Tax', 24_000, null, null),
    line('Baseline quantity', null, 327_000_000, null),
  ],
  demand: [{ name: 'Peak demand', cost: null, quantity: { value: 5_250, exponent: 0, unit: 'W' } }],
  tou: [{ name: 'Peak', bucket: 'peak', cost: null, quantity: { value: 100, exponent: 3, unit: 'Wh' } }],
  tiers: [{ name: 'Tier 1', level: 1, cost: currencyE5(5_288_000), quantity: { value: 327, exponent: 3, unit: 'Wh' } }],
  suppliers: [{ name: 'Bay Clean Power' }],
  quality: null,
  warnings: [],
}

function line(name: string, amount: number | null, wh: number | null, unitCost: number | null): Bill['lines'][number] {
  return {
    name,
    kind: 'delivery',
    itemKind: null,
    amount: amount === null ? null : currencyE5(amount),
    quantity: wh === null ? null : { value: wh, exponent: -3, unit: 'Wh' },
    unitCost: unitCost === null ? null : currencyE5(unitCost),
    start: null,
    end: null,
  }
}

export async function addBills(
  { database }: Fixture,
  [authorizationUid, meterUid]: [Uid, Uid],
  bills: Partial<Bill>[],
  source: Uid = '1',
): Promise<Uid[]> {
  const told = bills.map((bill) => ({ ...sampleBill, ...bill }))
  const saved = await database.db.operator((tx) =>
    saveBills(tx, authorizationUid, meterUid, told, { source, now: NOW }),
  )
  return saved.added
}
