import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout } from 'node:timers/promises'

import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'

import { authenticate } from './accounts/api-tokens.ts'
import type { NativeDeps } from './api/endpoint.ts'
import { purgeOldAnswers } from './api/jobs.ts'
import { registerApi } from './api/register-api.ts'
import { registerDocs } from './api/register-docs.ts'
import { registerNativeApi } from './api/register-native-api.ts'
import { renderEvent } from './api/render/event.ts'
import type { CustomerPath } from './authorization/customer-path.ts'
import { endAuthorization } from './authorization/end-authorization.ts'
import { keepEnds, sendDueMails, sweepAuthorizations, tellDueUtilities } from './authorization/jobs.ts'
import { openNotifications } from './authorization/notifications.ts'
import { openCustomerPath } from './authorization/open-customer-path.ts'
import { testSubmit } from './authorization/test-submit.ts'
import { openTokens } from './authorization/tokens.ts'
import { watchRegistrations } from './authorization/watch-registrations.ts'
import { type Collector, openCollector } from './collection/collector.ts'
import { forgetWindows, judgeNotifications, lookForWindows, oweRefreshes, purgeFeeds } from './collection/jobs.ts'
import { followHint } from './collection/judge-notifications.ts'
import { oweMissing } from './collection/owe-missing.ts'
import { orderHistory, orderMonitoring } from './collection/order-collection.ts'
import { oweCollection } from './collection/owe-collection.ts'
import { watchLag } from './collection/watch-lag.ts'
import type { Config } from './config.ts'
import { resourceBase } from './custodian/custodian-deps.ts'
import { purgeOldNotices, tellClients } from './custodian/jobs.ts'
import { registerCustodian } from './custodian/register-custodian.ts'
import { type Doorbell, openDoorbell } from './jobs/doorbell.ts'
import type { Log } from './jobs/job.ts'
import type { Uid } from './model/uid.ts'
import { openMailer } from './open-mailer.ts'
import type { Store } from './open-store.ts'
import type { HomeView } from './pages/home-page.ts'
import { registerPages } from './pages/register-pages.ts'
import { countArrivals } from './storage/arrivals.ts'
import type { AuthorizationRow } from './storage/authorizations.ts'
import { codeOf, type Db, type Tx } from './storage/db.ts'
import { readRawFeed } from './storage/raw-feeds.ts'
import { openConnections } from './utilities/connections.ts'
import { utilities, utilityBySlug } from './utilities/index.ts'
import type { FetchLimits } from './utilities/transport.ts'
import { systemResolve } from './webhooks/address-guard.ts'
import { type Deliverer, openDeliverer } from './webhooks/deliverer.ts'
import { purgeOldDeliveries } from './webhooks/jobs.ts'
import { openSender } from './webhooks/send-delivery.ts'
import { tellDisabled } from './webhooks/tell-disabled.ts'

export type App = {
  /** Where pages and API are served; null in a process that only collects. */
  url: string | null
  /** Resolves when nothing is due to be collected, and no endpoint to be told, any more. */
  idle(): Promise<void>
  /** Does now what the schedule does every minute: sweeps, notifications, monitoring. */
  tick(): Promise<void>
  close(): Promise<void>
}

/** What to run in this process; `demo` is what the home page shows beside the counts, where there is a demo company. */
export type AppRoles = { api: boolean; worker: boolean; demo: (HomeView['demo'] & { companyUid: Uid }) | null }

/** What tests may set otherwise: the clock and how it is waited for, limits of a request, and what collection keeps to. */
export type Trial = {
  now: () => Date
  wait: (ms: number) => Promise<unknown>
  fetchLimits: Partial<FetchLimits>
  /** The quota is kept at simulated utilities, too. */
  limitSimulated: boolean
  /** Windows in work at a time. */
  lanes: number
}

const REAL: Trial = {
  now: () => new Date(),
  wait: (ms) => setTimeout(ms),
  fetchLimits: {},
  limitSimulated: false,
  lanes: 32,
}

/** Puts the program together on an open store and starts it. */
export async function startApp(
  config: Config,
  store: Store,
  roles: AppRoles,
  trial: Partial<Trial> = {},
): Promise<App> {
  const closing: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const each of closing.splice(0)) await each()
  }
  try {
    return { ...(await open({ config, store, roles, closing, ...REAL, ...trial })), close }
  } catch (error) {
    await close()
    throw error
  }
}

type Opening = Trial & {
  config: Config
  store: Store
  roles: AppRoles
  /** What has to be closed, the last opened first. */
  closing: (() => Promise<unknown>)[]
}

async function open(opening: Opening): Promise<Omit<App, 'close'>> {
  const { config, store, roles, closing, now, wait, fetchLimits, limitSimulated, lanes } = opening
  const { db, envelope, connection } = store
  const log = logTo(config)
  const random = (bytes: number): Uint8Array => randomBytes(bytes)
  const connections = openConnections({ db, envelope, now, wait, fetchLimits, limitSimulated })
  const pathConfig = {
    publicUrl: config.publicUrl,
    operatorName: config.operatorName,
    operatorEmail: config.operatorEmail,
  }
  const tokens = openTokens({
    db,
    envelope,
    connections,
    now,
    random,
    wait: (ms) => setTimeout(ms),
    config: pathConfig,
  })
  const sendMail = openMailer(config)
  const doorbell = await openDoorbell(connection, { jobs: JOBS, log })

  const owe = async (tx: Tx, authorization: AuthorizationRow): Promise<void> => {
    await oweCollection(tx, authorization, now())
    await doorbell.send(tx, lookForWindows, {})
    await doorbell.send(tx, sendDueMails, {})
  }
  const pathDeps = { db, envelope, connections, tokens, now, random, config: pathConfig, owe }
  const customerPath = openCustomerPath(pathDeps)
  const notifications = openNotifications({
    db,
    connections,
    tokens,
    now,
    oweResources: async (tx, judged) => void (await followHint(tx, judged, now())),
  })

  closing.push(
    () => connections.close(),
    () => doorbell.stop(),
  )
  let collector: Collector | null = null
  let deliverer: Deliverer | null = null
  let tick = async (): Promise<void> => undefined
  if (roles.worker) {
    const opened = openCollector({
      ...{ db, envelope, connections, tokens, now, random: Math.random, elapsedMs: () => performance.now() },
      ...{ wait, lanes },
      owner: `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`,
      every,
      log: (fields, message) => log.warn(fields, message),
    })
    collector = opened
    closing.unshift(() => opened.close())
    const outbound = openDeliverer({
      ...{ db, envelope, now, random: Math.random, every, render: renderEvent },
      sender: openSender(config.webhookNetworks, systemResolve),
      tellDisabled: (tx, endpoint) => tellDisabled(tx, endpoint, now()),
      log: (fields, message) => log.warn(fields, message),
    })
    deliverer = outbound
    closing.unshift(() => outbound.close())
    const sender = openSender(config.webhookNetworks, systemResolve)
    closing.push(() => sender.close())
    const clients = { db, sender, base: resourceBase({ config: pathConfig }), now, random: Math.random }
    const tell = { db, envelope, connections, tokens, now }
    const sweep = { db, now, random, config: pathConfig }
    const watch = { db, envelope, now, operatorEmail: config.operatorEmail }
    const { rawFeedDays, endsFile } = config
    const context = {
      ...{ db, now, log, collector: opened, notifications, sendMail, tell, sweep, watch },
      ...{ rawFeedDays, endsFile, clients },
    }
    for (const job of JOBS) await doorbell.work<object, typeof context>(job, context)
    await doorbell.schedule(sweepAuthorizations, {}, { cron: '* * * * *', timezone: 'UTC' })
    await doorbell.schedule(judgeNotifications, {}, { cron: '* * * * *', timezone: 'UTC' })
    await doorbell.schedule(keepEnds, {}, { cron: '* * * * *', timezone: 'UTC' })
    await doorbell.schedule(tellClients, {}, { cron: '* * * * *', timezone: 'UTC' })
    await doorbell.schedule(purgeOldNotices, {}, { cron: '27 3 * * *', timezone: 'UTC' })
    await doorbell.schedule(purgeOldDeliveries, {}, { cron: '17 3 * * *', timezone: 'UTC' })
    await doorbell.schedule(purgeOldAnswers, {}, { cron: '27 * * * *', timezone: 'UTC' })
    await doorbell.schedule(oweRefreshes, {}, { cron: '*/10 * * * *', timezone: 'UTC' })
    await doorbell.schedule(oweMissing, {}, { cron: '23 9 * * *', timezone: 'UTC' })
    await doorbell.schedule(forgetWindows, {}, { cron: '47 2 * * *', timezone: 'UTC' })
    await doorbell.schedule(purgeFeeds, {}, { cron: '7 3 * * *', timezone: 'UTC' })
    await doorbell.schedule(watchRegistrations, {}, { cron: '41 15 * * *', timezone: 'UTC' })
    await doorbell.schedule(watchLag, {}, { cron: '31 */6 * * *', timezone: 'UTC' })
    await doorbell.ring(watchRegistrations, {})
    tick = async () => {
      const signal = AbortSignal.timeout(60_000)
      for (const job of [sweepAuthorizations, keepEnds, judgeNotifications, oweRefreshes, tellClients])
        await job.run({}, { ...context, signal })
    }
    opened.ring()
  }

  let url: string | null = null
  if (roles.api) {
    const server = fastify({
      logger: { level: config.logLevel, serializers: { req: routeOnly } },
    })
    closing.unshift(() => server.close())
    const apiDeps: NativeDeps = {
      db,
      now,
      publicUrl: config.publicUrl,
      authenticate: (token) => authenticate(db, token, now()),
      utilityOf: (id) => utilities.find((utility) => utility.id === id) ?? null,
      async revoke(authorizationUid, by) {
        const why = { by, reason: 'revoked_by_company', now: now() } as const
        await db.operator(async (tx) => {
          await endAuthorization(tx, pathConfig, { authorizationUid, to: 'revoked', why })
          await doorbell.send(tx, tellDueUtilities, {})
        })
      },
      oweHistory: (companyUid, meterUids, months) => orderHistory({ db, now }, companyUid, meterUids, months),
      setMonitoring: (companyUid, meterUids, frequency, fixedRefreshDay) =>
        orderMonitoring({ db, now }, companyUid, { meterUids, frequency, fixedRefreshDay }),
      async openRawFeed(authorizationUid, rawFeedUid) {
        const raw = await db.operator((tx) => readRawFeed(tx, authorizationUid, rawFeedUid, envelope))
        return raw && { mediaType: raw.mediaType, bytes: raw.body }
      },
      testSubmit: testSubmit(pathDeps, customerPath),
      envelope,
      allowed: config.webhookNetworks,
      lookup: systemResolve,
      random,
      utilities,
      rateLimit: { requests: config.apiRequestsPerMinute, seconds: 60 },
    }
    registerApi(server, apiDeps)
    registerNativeApi(server, apiDeps)
    registerDocs(server)
    const pagesConfig = { ...pathConfig, secureCookies: config.publicUrl.startsWith('https:') }
    await registerCustodian(server, {
      ...{ db, now, random, config: pagesConfig, utilityOf: apiDeps.utilityOf, utilityBySlug },
      ringMails: (tx) => doorbell.send(tx, sendDueMails, {}),
      rateLimit: apiDeps.rateLimit,
    })
    await registerPages(server, {
      path: ringing(customerPath, doorbell),
      config: pagesConfig,
      home: () => homeView(db, roles.demo, now()),
      async notify(key, body) {
        const outcome = await notifications.receive(key, body)
        if (outcome === 'stored') await doorbell.ring(judgeNotifications, {})
        return outcome
      },
    })
    url = await listen(server, config)
  }

  return {
    url,
    async idle() {
      await collector?.idle()
      await deliverer?.idle()
    },
    tick: () => tick(),
  }
}

const JOBS = [
  lookForWindows,
  judgeNotifications,
  oweRefreshes,
  oweMissing,
  forgetWindows,
  sendDueMails,
  tellDueUtilities,
  sweepAuthorizations,
  keepEnds,
  tellClients,
  purgeOldNotices,
  purgeOldDeliveries,
  purgeOldAnswers,
  purgeFeeds,
  watchRegistrations,
  watchLag,
] as const

/** What ends a share rings for the utilities that have to be told; the sweep would find them too, within a minute. */
function ringing(path: CustomerPath, doorbell: Doorbell): CustomerPath {
  const after = async <T>(result: T): Promise<T> => {
    await doorbell.ring(tellDueUtilities, {})
    await doorbell.ring(sendDueMails, {})
    return result
  }
  return {
    ...path,
    revoke: async (key) => await after(await path.revoke(key)),
    withdraw: async (flowUid, cookie) => await after(await path.withdraw(flowUid, cookie)),
  }
}

/** What a log line says of a request: addresses hold private keys of customers, so only the route's pattern is told. */
function routeOnly({ method, routeOptions }: FastifyRequest): Record<string, unknown> {
  return { method, route: routeOptions.url }
}

async function homeView(db: Db, demo: AppRoles['demo'], now: Date): Promise<HomeView> {
  const none = { authorizations: 0, meters: 0, readings: 0, bills: 0, billingSummaries: 0, recent: [] }
  const arrived = demo === null ? none : await db.company(demo.companyUid, countArrivals)
  const recent = arrived.recent.map(({ created, ...row }) => ({ ...row, when: secondsAgo(created, now) }))
  return { demo, arrived: { ...arrived, recent } }
}

function secondsAgo(then: Date, now: Date): string {
  return then.getTime() > now.getTime() ? now.toISOString() : then.toISOString()
}

async function listen(server: FastifyInstance, { host, port }: Config): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') {
      throw new Error(
        `Port ${port} of ${host} is taken by another program. End that one, or choose another with PORT=…`,
        {
          cause: error,
        },
      )
    }
    throw error
  }
}

function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms)
  return () => clearInterval(timer)
}

const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** Lines of JSON on standard error; ids, counts and codes only. */
function logTo({ logLevel }: Config): Log {
  const write = (level: string) => (fields: Record<string, unknown>, message: string) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(logLevel)) return
    process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`)
  }
  return { info: write('info'), warn: write('warn'), error: write('error') }
}
