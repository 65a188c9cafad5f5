import { randomBytes } from 'node:crypto'

import Fastify from 'fastify'

import { type Browser, openBrowser, type Page } from '../src/authorization/scripted-browser.ts'
import { freePort } from '../src/cli/free-port.ts'
import { registerCustodian } from '../src/custodian/register-custodian.ts'
import { stylesheet } from '../src/pages/stylesheet.ts'
import { utilities, utilityBySlug } from '../src/utilities/index.ts'
import { apiFixture, type Fixture, NOW } from './api-fixture.ts'
import { ALLOWED } from './webhook-kit.ts'

/** What a third party was given when it was registered. */
export type Registered = { uid: string; clientId: string; clientSecret: string; registrationToken: string }

/** An answer over the wire; body: its JSON, {} where it is none. */
export type Told = { status: number; headers: Headers; text: string; body: Record<string, unknown> }

/** The Green Button face over real HTTP, beside the API in which companies register third parties. */
export type CustodianKit = {
  api: Fixture
  url: string
  clock: { ms: number }
  register(over?: Record<string, unknown>, token?: string): Promise<Registered>
  authorizeUrl(client: Registered, query?: Record<string, string>): string
  /** From the authorize page to the mailed link, opened in the same browser. */
  toConsent(
    client: Registered,
    query?: Record<string, string>,
    email?: string,
  ): Promise<{ browser: Browser; page: Page }>
  /** The same, allowed: what the client's redirect address got. */
  letIn(client: Registered, query?: Record<string, string>): Promise<URLSearchParams>
  token(client: Registered, fields: Record<string, string>): Promise<Told>
  /** The tokens of a customer who lets the client in. */
  tokens(
    client: Registered,
    query?: Record<string, string>,
  ): Promise<{ access: string; refresh: string; body: Told['body'] }>
  get(address: string, token: string | null, method?: string): Promise<Told>
  /** The link in the newest mail of a kind. */
  mailed(kind: string): Promise<string>
  close(): Promise<void>
}

export const CALLBACK = 'http://127.0.0.1:9/back'
export const CARLA = 'carla@customer.example'

export async function custodianKit(rateLimit = { requests: 10_000, seconds: 60 }): Promise<CustodianKit> {
  const clock = { ms: NOW.getTime() }
  const now = (): Date => new Date(clock.ms)
  const api = await apiFixture({ now, allowed: ALLOWED })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = Fastify()
  await registerCustodian(server, {
    ...{ db: api.database.db, now, random: randomBytes, utilityBySlug },
    utilityOf: (id) => utilities.find((utility) => utility.id === id) ?? null,
    ringMails: async () => undefined,
    rateLimit,
    config: {
      publicUrl: url,
      operatorName: 'Test Operator',
      operatorEmail: 'operator@example.com',
      secureCookies: false,
    },
  })
  server.get(stylesheet.url, (_request, reply) => reply.type('text/css').send(stylesheet.text))
  await server.listen({ host: '127.0.0.1', port })

  const kit: CustodianKit = {
    ...{ api, url, clock },
    async register(over = {}, token = 'token-ours') {
      const body = { name: 'Bright Homes', redirect_uris: [CALLBACK], ...over }
      const answer = await api.send('POST', '/api/v3/clients', body, token)
      if (answer.status !== 200) throw new Error(answer.text)
      const { uid, client_id, client_secret, registration_access_token } = answer.body
      const [clientId, clientSecret] = [String(client_id), String(client_secret)]
      return { uid: String(uid), clientId, clientSecret, registrationToken: String(registration_access_token) }
    },
    authorizeUrl({ clientId }, query = {}) {
      const asked = new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: CALLBACK,
        state: 'st&te',
        ...query,
      })
      return `${url}/DataCustodian/oauth/authorize?${asked.toString()}`
    },
    async toConsent(client, query, email = CARLA) {
      const browser = openBrowser({ stopBefore: CALLBACK })
      const first = await browser.open(kit.authorizeUrl(client, query))
      await browser.submit(first, /send me the link/i, { email })
      return { browser, page: await browser.open(await kit.mailed('client_asks')) }
    },
    async letIn(client, query) {
      const { browser, page } = await kit.toConsent(client, query)
      return new URL((await browser.submit(page, /allow/i)).url).searchParams
    },
    async token({ clientId, clientSecret }, fields) {
      const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
      const headers = { authorization: `Basic ${basic}` }
      const body = new URLSearchParams(fields)
      return await tell(await fetch(`${url}/DataCustodian/oauth/token`, { method: 'POST', headers, body }))
    },
    async tokens(client, query) {
      const code = (await kit.letIn(client, query)).get('code') ?? ''
      const { body } = await kit.token(client, { grant_type: 'authorization_code', code, redirect_uri: CALLBACK })
      return { access: String(body['access_token']), refresh: String(body['refresh_token']), body }
    },
    async get(address, token, method = 'GET') {
      const at = address.startsWith('http') ? address : `${url}/DataCustodian/espi/1_1/resource${address}`
      const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
      return await tell(await fetch(at, { method, headers }))
    },
    async mailed(kind) {
      const [mail] = await api.database.admin('select body from mails where kind = $1 order by mail_uid desc limit 1', [
        kind,
      ])
      return /^http\S+$/m.exec(String(mail?.['body']))?.[0] ?? ''
    },
    async close() {
      await server.close()
      await api.close()
    },
  }
  return kit
}

async function tell(response: Response): Promise<Told> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  const body: Record<string, unknown> = isJson ? JSON.parse(text) : {}
  return { status: response.status, headers: response.headers, text, body }
}
