import type { ThirdParty } from '../contract.ts'
import { agreementsOf } from '../world/household.ts'
import { publishedDays } from '../world/ledger.ts'
import { dayFromIso, dayOf, isoDate, midnight } from '../world/local-days.ts'
import { billedPeriods } from '../world/periods.ts'
import { activeAuthorizations, activeOf, endAuthorization, findAuthorization } from './authorizations.ts'
import { type Fault, type FaultPoint, modes } from './faults.ts'
import { type Answer, type Incoming, json } from './server.ts'
import type { Correction, Rebill } from '../world/world.ts'
import type { Authorization } from './state.ts'
import { householdOf, ledgerFor, setClock, type Utility } from './utility.ts'

/** What a utility does when its world changes: publish, push, announce. */
export type Hooks = {
  revoked(authorization: Authorization): void
  corrected(authorizations: readonly Authorization[], correction: Correction): void
  rebilled(authorizations: readonly Authorization[], rebill: Rebill): void
  /** Local days `from` to before `until` have begun: what is published with them goes out. */
  daysBegan(from: number, until: number): void
}

type Body = Record<string, unknown>

class BadRequest extends Error {}

/** The admin API of one utility, under /_admin; every answer is JSON. Null when the path is not one of it. */
export const answerAdmin = (utility: Utility, hooks: Hooks, incoming: Incoming): Answer | null => {
  if (!incoming.path.startsWith('/_admin')) return null
  const route = routes[`${incoming.method} ${incoming.path.slice('/_admin'.length)}`]
  if (!route) return json(404, { error: 'not_found', routes: Object.keys(routes).map((r) => r.replace(' ', ' /_admin')) })
  try {
    const body = incoming.body.trim() === '' ? {} : (JSON.parse(incoming.body) as Body)
    return json(200, route(utility, { hooks, body, query: incoming.query }) ?? { ok: true })
  } catch (error) {
    return json(400, { error: 'bad_request', message: error instanceof Error ? error.message : String(error) })
  }
}

type Call = { hooks: Hooks; body: Body; query: URLSearchParams }

const routes: Record<string, (utility: Utility, call: Call) => unknown> = {
  'PUT /third-party': (utility, { body }) => {
    setThirdParty(utility, thirdPartyOf(body))
  },
  'GET /third-party': (utility) => utility.state.thirdParty,
  'PUT /clock': (utility, { hooks, body }) => {
    const at = body['clock'] ?? body['at'] ?? null
    if (at !== null && typeof at !== 'string') throw new BadRequest('clock is an ISO date-time or null')
    moveClock(utility, hooks, at)
    return clockOf(utility)
  },
  'GET /clock': (utility) => clockOf(utility),
  'GET /settings': (utility) => utility.settings,
  'PUT /settings': (utility, { body }) => {
    const unknown = Object.keys(body).filter((key) => !Object.hasOwn(utility.settings, key))
    if (unknown.length > 0) throw new BadRequest(`Unknown settings: ${unknown.join(', ')}`)
    Object.assign(utility.settings, body)
    utility.store.save()
    return utility.settings
  },
  'GET /ledger': (utility, { query }) => ledgerFor(utility, authorizationOf(utility, Object.fromEntries(query))),
  'GET /authorizations': (utility) => {
    activeAuthorizations(utility) // ends what time has ended
    return Object.values(utility.state.authorizations).map((a) => ({ subscription: a.id, ...a }))
  },
  'GET /requests': (utility) => utility.requests.summary(),
  'GET /notifications': (utility) => utility.notifier.sent,
  'GET /customers': (utility, { query }) => householdOf(utility, query.get('login') ?? ''),
  'POST /revoke': (utility, { hooks, body }) => {
    const authorization = authorizationOf(utility, body)
    endAuthorization(utility, authorization)
    hooks.revoked(authorization)
    return { subscription: authorization.id, status: authorization.status }
  },
  'POST /correct': (utility, { hooks, body }) => correct(utility, hooks, body),
  'POST /rebill': (utility, { hooks, body }) => rebill(utility, hooks, body),
  'POST /new-day': (utility, { hooks, body }) => {
    const days = body['days'] === undefined ? 1 : Number(body['days'])
    if (!Number.isInteger(days) || days < 1 || days > 400) throw new BadRequest('days is a whole number from 1 to 400')
    const { clock } = utility.state
    if (clock.at === null) clock.offset += days * 86_400
    else clock.at += days * 86_400
    pushNewDays(utility, hooks)
    utility.store.save()
    return clockOf(utility)
  },
  'POST /push': (utility, { hooks }) => {
    const today = dayOf(utility.now())
    hooks.daysBegan(today, today + 1)
    return clockOf(utility)
  },
  'GET /fault': (utility) => ({ faults: utility.faults.list, modes }),
  'POST /fault': (utility, { body }) => {
    const fault = faultOf(body)
    if (fault.mode === 'expire-now') expireTokens(utility)
    else utility.faults.add(fault)
    return { faults: utility.faults.list }
  },
  'DELETE /fault': (utility) => {
    utility.faults.list.length = 0
  },
}

export const setThirdParty = (utility: Utility, thirdParty: ThirdParty): void => {
  utility.state.thirdParty = thirdParty
  utility.store.save()
}

/** Sets the clock; going forward publishes, and pushes, the days that have begun since the last push. */
export const moveClock = (utility: Utility, hooks: Hooks, iso: string | null): void => {
  setClock(utility, iso)
  pushNewDays(utility, hooks)
}

/** Pushes once for each local day that has begun since the last push. */
export const pushNewDays = (utility: Utility, hooks: Hooks): void => {
  const today = dayOf(utility.now())
  const last = utility.state.lastPushDay ?? today
  if (today <= last) return
  utility.state.lastPushDay = today
  utility.store.save()
  hooks.daysBegan(last + 1, today + 1)
}

const clockOf = (utility: Utility): unknown => ({
  now: new Date(utility.now() * 1000).toISOString(),
  localDay: isoDate(dayOf(utility.now())),
  standing: utility.state.clock.at !== null,
})

function thirdPartyOf(body: Body): ThirdParty {
  const { redirectUri, notificationUri, portalUri } = body
  if (typeof redirectUri !== 'string' || typeof notificationUri !== 'string')
    throw new BadRequest('redirectUri and notificationUri are needed')
  return { redirectUri, notificationUri, ...(typeof portalUri === 'string' ? { portalUri } : {}) }
}

/** By subscription, or the customer's latest one. */
function authorizationOf(utility: Utility, by: Body): Authorization {
  const { subscription, login } = by
  const found =
    subscription === undefined
      ? Object.values(utility.state.authorizations).findLast((a) => a.login === login)
      : findAuthorization(utility, String(subscription))
  if (!found) throw new BadRequest('No such authorization: give subscription=ID or login=NAME')
  return found
}

/** By default the agreement's latest published day, ten percent up. */
function correct(utility: Utility, hooks: Hooks, body: Body): unknown {
  const agreement = agreementBy(utility, body)
  const published = publishedDays(utility.world, agreement, utility.now())
  const day = body['day'] === undefined ? published.until - 1 : dayFromIso(String(body['day']))
  if (day === null || day < published.from || day >= published.until) throw new BadRequest('day is not a published YYYY-MM-DD')
  const permille = body['permille'] === undefined ? 1100 : Number(body['permille'])
  if (!Number.isInteger(permille) || permille < 0) throw new BadRequest('permille is a whole number')
  const correction = { usagePoint: agreement.id, day, permille, at: utility.now() }
  utility.state.corrections.push(correction)
  utility.store.save()
  hooks.corrected(activeOf(utility, String(body['login'])).filter((a) => a.agreements.includes(agreement.id)), correction)
  return { usagePoint: agreement.id, day: isoDate(day), from: midnight(day), until: midnight(day + 1), permille }
}

/** By default the latest bill, with an adjustment of minus five dollars. */
function rebill(utility: Utility, hooks: Hooks, body: Body): unknown {
  const agreement = agreementBy(utility, body)
  const periods = billedPeriods(agreement, utility.now())
  const start = body['period'] === undefined ? (periods.at(-1)?.start ?? null) : dayFromIso(String(body['period']))
  const period = periods.find((p) => p.start === start)
  if (!period) throw new BadRequest('No bill is issued for that period')
  const amount = body['amount'] === undefined ? -5 : Number(body['amount'])
  if (!Number.isFinite(amount)) throw new BadRequest('amount is in dollars')
  const entry = { usagePoint: agreement.id, periodStart: period.start, amountE5: Math.round(amount * 100) * 1000, at: utility.now() }
  utility.state.rebills.push(entry)
  utility.store.save()
  hooks.rebilled(activeOf(utility, String(body['login'])).filter((a) => a.agreements.includes(agreement.id)), entry)
  return { usagePoint: agreement.id, period: isoDate(period.start), adjustment: amount }
}

function agreementBy(utility: Utility, body: Body): ReturnType<typeof agreementsOf>[number] {
  const household = householdOf(utility, String(body['login']))
  if (!household) throw new BadRequest('login names no customer')
  const wanted = body['usagePoint'] === undefined ? null : String(body['usagePoint'])
  const agreement = agreementsOf(household).find((a) => wanted === null || a.id === wanted)
  if (!agreement) throw new BadRequest('The customer has no such usage point')
  return agreement
}

function faultOf(body: Body): Fault {
  const on = String(body['on'])
  if (!Object.hasOwn(modes, on)) throw new BadRequest(`on is one of ${Object.keys(modes).join(', ')}`)
  const known = modes[on as FaultPoint]
  const { mode, status, body: text, contentType, headers, delayMs, truncate, match, times } = body
  if (mode !== undefined && !known.includes(String(mode))) throw new BadRequest(`mode on ${on} is one of ${known.join(', ')}`)
  const number = (name: string, value: unknown): Record<string, number> => {
    if (value === undefined) return {}
    if (!Number.isInteger(value) || Number(value) < 0) throw new BadRequest(`${name} is a whole number`)
    return { [name]: Number(value) }
  }
  return {
    on: on as FaultPoint,
    times: times === undefined ? 1 : Number(times),
    ...(mode === undefined ? {} : { mode: String(mode) }),
    ...number('status', status),
    ...number('delayMs', delayMs),
    ...number('truncate', truncate),
    ...(text === undefined ? {} : { body: typeof text === 'string' ? text : JSON.stringify(text) }),
    ...(contentType === undefined ? {} : { contentType: String(contentType) }),
    ...(typeof headers === 'object' && headers !== null
      ? { headers: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k.toLowerCase(), String(v)])) }
      : {}),
    ...(match === undefined ? {} : { match: String(match) }),
  }
}

/** Access and client tokens die now; refresh tokens live on. */
function expireTokens(utility: Utility): void {
  for (const token of Object.values(utility.state.tokens)) if (token.kind !== 'refresh') token.expiresAt = utility.now()
  utility.store.save()
}
