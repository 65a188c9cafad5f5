import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { createApiToken } from '../../src/accounts/api-tokens.ts'
import { ensureDemoCompany } from '../../src/accounts/demo-company.ts'
import { type App, startApp } from '../../src/app.ts'
import { openBrowser } from '../../src/authorization/scripted-browser.ts'
import { totalsOf } from '../../src/cli/demo-totals.ts'
import { freePort } from '../../src/cli/free-port.ts'
import { readConfig } from '../../src/config.ts'
import { openEnvelope } from '../../src/storage/secrets.ts'
import { utilityOf } from '../../src/utilities/index.ts'
import { saveRegistration } from '../../src/utilities/save-registration.ts'
import { testDatabase, type TestDatabase } from '../database.ts'
import { type Json, type RunningApp, startRunningApp, until, untilCollected } from '../running-app.ts'

/** The proxy that has the data, from a simulated utility, and another one whose utility it is. */
let upstream: RunningApp
let downstream: {
  app: App
  database: TestDatabase
  url: string
  api: { apiUrl: string; token: string }
  dataDir: string
}
let client: Json
/** How far the clock of the proxy downstream is ahead. */
let aheadMs = 0

beforeAll(async () => {
  upstream = await startRunningApp({ historyMonths: 13 })
  downstream = await startDownstream()
}, 120_000)
afterAll(async () => {
  await downstream.app.close()
  await downstream.database.close()
  await rm(downstream.dataDir, { recursive: true, force: true })
  await upstream.close()
})

async function startDownstream(): Promise<typeof downstream> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gbp-down-'))
  const database = await testDatabase()
  const config = readConfig({ DATA_DIR: dataDir, PORT: String(await freePort()), LOG_LEVEL: 'fatal' })
  const store = {
    ...{ db: database.db, connection: database.connection, envelope: openEnvelope(randomBytes(32)) },
    ...{ migrated: [], close: async () => undefined },
  }
  const now = (): Date => new Date(Date.now() + aheadMs)
  const deps = { ...store, now, random: (bytes: number): Uint8Array => randomBytes(bytes) }
  const company = await ensureDemoCompany(deps)
  const token = await createApiToken(deps, { ...company, name: 'test' })
  client = (
    await v3('/clients', { name: 'Down the Line', redirect_uris: [`${config.publicUrl}/utilities/proxy/callback`] })
  ).body
  const { notificationKey } = await saveRegistration(deps, {
    ...{ utility: utilityOf('PROXY'), environment: 'simulated', companyUid: null, bulkId: null },
    clientId: client.client_id,
    addresses: {
      authorizationEndpoint: client.authorization_endpoint,
      tokenEndpoint: client.token_endpoint,
      resourceBase: client.resource_endpoint,
    },
    secrets: {
      clientSecret: client.client_secret,
      registrationAccessToken: client.registration_access_token,
      ...{ certificate: null, key: null, ca: null },
    },
  })
  const address = { notify_uri: `${config.publicUrl}/notifications/${notificationKey}` }
  expect((await v3(`/clients/${client.uid}`, address, 'PATCH')).status).toBe(200)
  const app = await startApp(config, store, { api: true, worker: true, demo: null }, { now })
  return { app, database, url: config.publicUrl, api: { apiUrl: `${config.publicUrl}/api/v2`, token }, dataDir }
}

async function v3(address: string, body: unknown, method = 'POST'): Promise<{ status: number; body: Json }> {
  const apiUrl = upstream.shown.apiUrl.replace('/v2', '/v3')
  const headers = { authorization: `Bearer ${upstream.shown.token}` }
  const init = { method, headers, body: JSON.stringify(body) }
  const response = await fetch(`${apiUrl}${address}`, init)
  return { status: response.status, body: await response.json() }
}

/** The link in a mail of the proxy upstream, to whoever has this address. */
async function mailedLink(to: string, part: string): Promise<string> {
  const folder = upstream.shown.mailDir ?? ''
  return await until(`a mail to ${to}`, async () => {
    const files = await readdir(folder).catch(() => [])
    for (const file of files.toSorted((a, b) => b.localeCompare(a))) {
      const text = (await readFile(path.join(folder, file), 'utf8')).replaceAll(/=\r?\n/g, '').replaceAll('=3D', '=')
      const link = /^http\S+$/gm.exec(text)?.[0] ?? ''
      if (text.includes(`To: ${to}`) && link.includes(part)) return link
    }
    return null
  })
}

/** From the form of the proxy downstream to its receipt, by way of the proxy upstream. */
async function shareDownstream(email: string): Promise<string> {
  const browser = openBrowser()
  const form = await browser.open(`${downstream.url}/proxy/gb-oauth/sunrise-solar`)
  const asking = await browser.submit(form, /Continue to Final Step/, {
    name: 'Pat Example',
    email: 'pat@else.example',
  })
  expect(asking.url).toContain(`${upstream.url}/DataCustodian/oauth/authorize`)
  await browser.submit(asking, /send me the link/i, { email })
  const final = await browser.submit(await browser.open(await mailedLink(email, '/oauth/consent/')), /allow/i)
  const receipt = await browser.submit(final, /Continue to Final Step/)
  expect(receipt.html).toContain('You are sharing energy data')
  const [row] = await downstream.database.admin(
    'select authorization_uid::text as uid from authorizations order by authorization_uid desc limit 1',
  )
  return String(row?.['uid'])
}

async function collected(authorizationUid: string): Promise<void> {
  await until(`what ${authorizationUid} is owed`, async () => {
    const [row] = await downstream.database.admin(
      `select status, (select count(*)::int from windows w where w.authorization_uid = a.authorization_uid and state <> 'done') as owed
         from authorizations a where authorization_uid = $1`,
      [authorizationUid],
    )
    return row?.['status'] !== 'pending' && row?.['owed'] === 0 ? true : null
  })
}

/** Every reading of every channel, as the bulk export has it, but for our own names of things. */
async function readings(api: { apiUrl: string; token: string }, authorizationUid: string): Promise<string[]> {
  const address = `${api.apiUrl.replace('/v2', '/v3')}/exports/intervals?authorizations=${authorizationUid}&format=csv`
  const response = await fetch(address, { headers: { authorization: `Bearer ${api.token}` } })
  const [head = '', ...lines] = (await response.text()).trim().split('\r\n')
  const kept = head.split(',').map((name) => !/_uid$|^utility$|^meter|^source|^service/.test(name))
  return lines
    .map((line) =>
      line
        .split(',')
        .filter((_cell, at) => kept[at])
        .join(','),
    )
    .toSorted()
}

/** What bills say, without what names them. */
async function bills(api: { apiUrl: string; token: string }, authorizationUid: string): Promise<Json[]> {
  const response = await fetch(`${api.apiUrl}/bills?authorizations=${authorizationUid}`, {
    headers: { authorization: `Bearer ${api.token}` },
  })
  const body: Json = await response.json()
  const key = ({ base }: Json): string => `${base.service_identifier} ${base.bill_start_date}`
  return body.bills
    .map(({ base, line_items }: Json) => ({ base, line_items }))
    .toSorted((a: Json, b: Json) => key(a).localeCompare(key(b)))
}

/** Meters as their utility describes them. */
async function meters(api: { apiUrl: string; token: string }, authorizationUid: string): Promise<Json[]> {
  const response = await fetch(`${api.apiUrl}/meters?authorizations=${authorizationUid}`, {
    headers: { authorization: `Bearer ${api.token}` },
  })
  const body: Json = await response.json()
  return body.meters
    .map(({ base }: Json) => base)
    .toSorted((a: Json, b: Json) => String(a.service_identifier).localeCompare(b.service_identifier))
}

it.each([
  ['demo', 'commercial'],
  ['pge', 'solar'],
  ['pge', 'home'],
] as const)(
  '%s %s: a proxy collects from a proxy, and has the same readings, bills and sums as it and the utility',
  async (utility, login) => {
    const email = `${login}.${utility}@customer.example`
    const { authorizationUid } = await upstream.share(utility, login, email)
    await untilCollected(upstream, authorizationUid)
    const uid = await shareDownstream(email)
    await collected(uid)
    expect(await totalsOf(downstream.api, uid)).toEqual(await totalsOf(upstream.shown, authorizationUid))
    const told = await readings(upstream.shown, authorizationUid)
    expect(told.length).toBeGreaterThan(300)
    expect(await readings(downstream.api, uid)).toEqual(told)
    expect(await bills(downstream.api, uid)).toEqual(await bills(upstream.shown, authorizationUid))
    expect(await meters(downstream.api, uid)).toEqual(await meters(upstream.shown, authorizationUid))
    const quarantined = await downstream.database.admin(
      `select product, outcome from raw_feeds where authorization_uid = $1 and outcome::text like '%quarantined": [{%'`,
      [uid],
    )
    expect(quarantined).toEqual([])
  },
  120_000,
)

it('what is new upstream is announced, and had downstream without asking for it', async () => {
  const email = 'news@customer.example'
  const { authorizationUid } = await upstream.share('demo', 'test', email)
  await untilCollected(upstream, authorizationUid)
  const uid = await shareDownstream(email)
  await collected(uid)
  await downstream.database.admin(`update authorizations set monitoring = 'off'`)
  const before = await readings(downstream.api, uid)
  upstream.forward(24)
  aheadMs += 24 * 3_600_000
  await upstream.admin('demo', 'POST', '/new-day', { days: 1 })
  await upstream.app.tick()
  await upstream.app.idle()
  const told = await readings(upstream.shown, authorizationUid)
  expect(told.length).toBeGreaterThan(before.length)
  await upstream.app.tick()
  await until('the readings of the new day', async () =>
    (await readings(downstream.api, uid)).length > before.length ? true : null,
  )
  await collected(uid)
  expect(await readings(downstream.api, uid)).toEqual(told)
}, 120_000)

it('what the customer stops on their receipt upstream is announced, and ends downstream', async () => {
  const email = 'stops@customer.example'
  const { authorizationUid, browser, page } = await upstream.share('demo', 'test', email)
  await untilCollected(upstream, authorizationUid)
  const uid = await shareDownstream(email)
  await collected(uid)
  const receipt = await browser.submit(await browser.open(page.url), /stop passing on to .*down the line/i)
  expect(receipt.html).toContain('Nothing more is passed on there.')
  expect(receipt.html).not.toMatch(/stop passing on/i)
  expect((await browser.open(await mailedLink(email, '/oauth/share/'))).html).toContain('may not read')
  upstream.forward(0.1)
  await upstream.app.tick()
  const state = await until('the end downstream', async () => {
    const [row] = await downstream.database.admin('select state from authorizations where authorization_uid = $1', [
      uid,
    ])
    return row?.['state'] === 'active' ? null : row?.['state']
  })
  expect(state).toBe('revoked')
}, 120_000)
