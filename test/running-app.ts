import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { type Simulators, startSimulators } from '../simulators/index.ts'
import { type App, startApp, type Trial } from '../src/app.ts'
import type { Store } from '../src/open-store.ts'
import { type Demo, openDemo } from '../src/cli/demo-company.ts'
import { freePort } from '../src/cli/free-port.ts'
import { type Browser, type Fields, openBrowser, type Page } from '../src/authorization/scripted-browser.ts'
import { readConfig } from '../src/config.ts'
import { openEnvelope } from '../src/storage/secrets.ts'
import { testDatabase, type TestDatabase } from './database.ts'

export type UtilitySlug = 'pge' | 'sce' | 'demo'

/** The whole product on a fresh database, with simulated utilities in this process, everything over real HTTP. */
export type RunningApp = {
  url: string
  dataDir: string
  app: App
  store: Store
  database: TestDatabase
  simulators: Simulators
  shown: Demo['shown']
  /** Moves the product's clock by hours, on top of real time. */
  forward(hours: number): void
  /** The API as the demo company's program calls it: status and parsed JSON. */
  api(address: string, init?: { method?: string; body?: unknown }): Promise<{ status: number; body: Json }>
  /** A simulated utility's admin API. */
  admin(utility: UtilitySlug, method: string, address: string, body?: unknown): Promise<Json>
  formUrl(utility: UtilitySlug): string
  /** From the form to the utility's page of choices, signed in; without an e-mail address, as somebody new to us. */
  toChoices(utility: UtilitySlug, login: string, email?: string): Promise<{ browser: Browser; page: Page }>
  /** The whole path up to the receipt; returns its page. */
  share(
    utility: UtilitySlug,
    login: string,
    email?: string,
    choices?: Fields,
  ): Promise<{ browser: Browser; page: Page; authorizationUid: string }>
  close(): Promise<void>
}

/** What came over the wire, as far as a test looks into it. */
// oxlint-disable-next-line typescript/no-explicit-any -- a test reads whatever JSON there is
export type Json = any

const PASSWORDS: Record<UtilitySlug, string> = { pge: 'demo', sce: 'demo', demo: 'test' }

export async function startRunningApp(
  options: { clock?: string; customers?: number; historyMonths?: number } & Partial<Trial> = {},
  logLevel = 'fatal',
): Promise<RunningApp> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gbp-flow-'))
  const database = await testDatabase()
  const simulators = await startSimulators(options)
  const config = readConfig({
    ...{ DATA_DIR: dataDir, PORT: String(await freePort()), LOG_LEVEL: logLevel },
    WEBHOOK_NETWORKS: '127.0.0.0/8', // where tests have their receivers
  })
  const store: Store = {
    db: database.db,
    connection: database.connection,
    envelope: openEnvelope(randomBytes(32)),
    migrated: [],
    close: async () => undefined,
  }
  let hours = 0
  let people = 0
  const now = options.now ?? ((): Date => new Date(Date.now() + hours * 3_600_000))
  const { pge, sce, demo } = simulators
  const company = await openDemo(store, config, { pge, sce, demo })
  const app = await startApp(config, store, { api: true, worker: true, demo: company.shown }, { ...options, now })
  for (const slug of ['pge', 'sce', 'demo'] as const) {
    const found = company.registrations.find(({ utility }) => utility.utility === simulators[slug].utility)
    if (found) simulators.setThirdParty(slug, found.addresses)
  }
  const { shown } = company
  const running: RunningApp = {
    ...{ url: config.publicUrl, dataDir, app, store, database, simulators, shown },
    forward(more) {
      hours += more
    },
    async api(address, { method = 'GET', body } = {}) {
      const response = await fetch(`${shown.apiUrl}${address}`, {
        method,
        headers: { authorization: `Bearer ${shown.token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: await response.json() }
    },
    async admin(utility, method, address, body) {
      const response = await fetch(`${simulators[utility].admin}/_admin${address}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      if (!response.ok) throw new Error(`admin ${address}: ${response.status} ${await response.text()}`)
      return await response.json()
    },
    formUrl: (utility) => `${config.publicUrl}/${utility}/gb-oauth/sunrise-solar`,
    async toChoices(utility, login, email = `${login}.${++people}@example.com`) {
      const browser = openBrowser()
      let page = await browser.open(running.formUrl(utility))
      page = await browser.submit(page, /Continue to Final Step/, {
        name: 'Pat Example',
        email,
      })
      page = await browser.submit(page, /sign in/i, { login, password: PASSWORDS[utility] })
      if (utility === 'sce') page = await browser.submit(page, /continue/i)
      return { browser, page }
    },
    async share(utility, login, email, chosen = {}) {
      const { browser, page: choices } = await running.toChoices(utility, login, email)
      let page = await browser.submit(choices, /submit|share|authorize|allow/i, {
        ...(utility === 'pge' ? { agree: 'yes' } : {}),
        ...chosen,
      })
      page = await browser.submit(page, /Continue to Final Step/)
      const { events } = (await running.api('/events')).body
      const { authorization_uid: authorizationUid } = events.find(({ type }: { type: string }) =>
        ['authorization_created', 'authorization_renewed'].includes(type),
      )
      return { browser, page, authorizationUid }
    },
    async close() {
      await app.close()
      await simulators.close()
      await database.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
  return running
}

/**
 * Waits until `check` gives something else than null; throws with `what` after some seconds. Rests as long as a check
 * takes: what is waited for needs the processor, too.
 */
export async function until<T>(what: string, check: () => Promise<T | null>, seconds = 40): Promise<T> {
  const end = performance.now() + seconds * 1000
  for (;;) {
    const began = performance.now()
    const found = await check()
    if (found !== null) return found
    if (performance.now() > end) throw new Error(`waited ${seconds} s for: ${what}`)
    await setTimeout(Math.max(50, performance.now() - began))
  }
}

/** Waits until an authorization's collection has ended, well or badly. */
export async function untilCollected(running: RunningApp, authorizationUid: string): Promise<void> {
  await until(`collection of ${authorizationUid}`, async () => {
    const { body } = await running.api(`/authorizations/${authorizationUid}`)
    return body.status === 'pending' ? null : true
  })
}

/** The utility's id of the share that it granted last. */
export async function newestSubscription(running: RunningApp, utility: UtilitySlug): Promise<string> {
  const all: { subscription: string | number }[] = await running.admin(utility, 'GET', '/authorizations')
  return String(all.at(-1)?.subscription)
}
