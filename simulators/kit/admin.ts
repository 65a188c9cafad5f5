import type { z } from 'zod'
import type { ThirdParty } from '../contract.ts'
import { type Agreement, agreementsOf } from '../world/household.ts'
import { publishedDays } from '../world/ledger.ts'
import { dayFromIso, dayOf, isoDate, midnight } from '../world/local-days.ts'
import { billedPeriods } from '../world/periods.ts'
import { activeAuthorizations, activeOf, endAuthorization, findAuthorization } from './authorizations.ts'
import { bodies, checkedFault } from './admin-bodies.ts'
import { badCertificate, openCertificates } from './certificates.ts'
import { connectionModeOf, modeNames, modes } from './faults.ts'
import type { Fault } from './faults/contract.ts'
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

class BadRequest extends Error {}

/** The admin API of one utility, under /_admin; every answer is JSON. Null when the path is not one of it. */
export const answerAdmin = async (utility: Utility, hooks: Hooks, incoming: Incoming): Promise<Answer | null> => {
  if (!incoming.path.startsWith('/_admin')) return null
  const route = routes[`${incoming.method} ${incoming.path.slice('/_admin'.length)}`]
  if (!route) {
    const known = Object.keys(routes).map((r) => r.replace(' ', ' /_admin'))
    return json(404, { error: 'not_found', routes: known })
  }
  try {
    const body: unknown = incoming.body.trim() === '' ? {} : JSON.parse(incoming.body)
    const answer = await route(utility, { hooks, body, query: Object.fromEntries(incoming.query) })
    return json(200, answer ?? { ok: true })
  } catch (error) {
    return json(400, { error: 'bad_request', message: error instanceof Error ? error.message : String(error) })
  }
}

type Call = { hooks: Hooks; body: unknown; query: Record<string, string> }

const routes: Record<string, (utility: Utility, call: Call) => unknown> = {
  'PUT /third-party': (utility, { body }) => {
    setThirdParty(utility, bodies.thirdParty.parse(body))
  },
  'GET /third-party': (utility) => utility.state.thirdParty,
  'PUT /clock': async (utility, { hooks, body }) => {
    moveClock(utility, hooks, bodies.clock.parse(body).clock)
    await utility.meetFaults()
    return clockOf(utility)
  },
  'GET /clock': (utility) => clockOf(utility),
  'GET /settings': (utility) => utility.settings,
  'PUT /settings': (utility, { body }) => {
    Object.assign(utility.settings, bodies.settings.parse(body))
    utility.store.save()
    return utility.settings
  },
  'GET /ledger': (utility, { query }) => ledgerFor(utility, authorizationOf(utility, bodies.which.parse(query))),
  'GET /authorizations': (utility) => {
    activeAuthorizations(utility) // ends what time has ended
    return Object.values(utility.state.authorizations).map((a) => ({ subscription: a.id, ...a }))
  },
  'GET /requests': (utility) => utility.requests.summary(),
  'GET /notifications': (utility) => utility.notifier.sent,
  'GET /customers': (utility, { query }) => householdOf(utility, query['login'] ?? ''),
  'POST /revoke': (utility, { hooks, body }) => {
    const authorization = authorizationOf(utility, bodies.which.parse(body))
    endAuthorization(utility, authorization)
    hooks.revoked(authorization)
    return { subscription: authorization.id, status: authorization.status }
  },
  'POST /correct': (utility, { hooks, body }) => correct(utility, hooks, bodies.correct.parse(body)),
  'POST /rebill': (utility, { hooks, body }) => rebill(utility, hooks, bodies.rebill.parse(body)),
  'POST /new-day': (utility, { hooks, body }) => {
    const { days } = bodies.newDay.parse(body)
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
  'PUT /server-certificate': async (utility, { body }) => {
    if (!utility.certificates) throw new BadRequest('This utility has no TLS')
    const { trusted } = bodies.serverCertificate.parse(body)
    const other = trusted ? utility.certificates : await openCertificates(null, `${utility.name}-other`, false)
    utility.present(other.server)
    return { trusted }
  },
  'GET /fault': (utility) => ({
    faults: utility.faults.list,
    modes: Object.fromEntries(points.map((on) => [on, modeNames(on)])),
  }),
  'GET /fault-modes': () => modes.map(({ name, group, on, about }) => ({ name, group, on, about })),
  'POST /fault': async (utility, { body }) => {
    await arrange(utility, checkedFault(body))
    return { faults: utility.faults.list }
  },
  'DELETE /fault': async (utility) => {
    utility.faults.list.length = 0
    await utility.meetFaults()
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

/** Pushes once for all local days that have begun since the last push. */
export const pushNewDays = (utility: Utility, hooks: Hooks): void => {
  const today = dayOf(utility.now())
  const last = utility.state.lastPushDay ?? today
  activeAuthorizations(utility) // ends, and announces, what time has ended
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

/** By subscription, or the customer's latest one. */
function authorizationOf(utility: Utility, { subscription, login }: z.output<typeof bodies.which>): Authorization {
  const found =
    subscription === undefined
      ? Object.values(utility.state.authorizations).findLast((a) => a.login === login)
      : findAuthorization(utility, subscription)
  if (!found) throw new BadRequest('No such authorization: give subscription=ID or login=NAME')
  return found
}

/** By default the agreement's latest published day, ten percent up. */
function correct(
  utility: Utility,
  hooks: Hooks,
  { login, usagePoint, ...body }: z.output<typeof bodies.correct>,
): unknown {
  const agreement = agreementBy(utility, { login, usagePoint })
  const published = publishedDays(utility.world, agreement, utility.now())
  const day = body.day === undefined ? published.until - 1 : dayFromIso(body.day)
  if (day === null || day < published.from || day >= published.until)
    throw new BadRequest('day is not a published YYYY-MM-DD')
  const correction = { usagePoint: agreement.id, day, permille: body.permille, at: utility.now() }
  utility.state.corrections.push(correction)
  utility.store.save()
  hooks.corrected(sharersOf(utility, login, agreement.id), correction)
  return { usagePoint: agreement.id, day: isoDate(day), from: midnight(day), until: midnight(day + 1) }
}

/** By default the latest bill, with an adjustment of minus five dollars. */
function rebill(
  utility: Utility,
  hooks: Hooks,
  { login, usagePoint, ...body }: z.output<typeof bodies.rebill>,
): unknown {
  const agreement = agreementBy(utility, { login, usagePoint })
  const periods = billedPeriods(agreement, utility.now())
  const start = body.period === undefined ? (periods.at(-1)?.start ?? null) : dayFromIso(body.period)
  const period = periods.find((p) => p.start === start)
  if (!period) throw new BadRequest('No bill is issued for that period')
  const amountE5 = Math.round(body.amount * 100) * 1000
  const entry = { usagePoint: agreement.id, periodStart: period.start, amountE5, at: utility.now() }
  utility.state.rebills.push(entry)
  utility.store.save()
  hooks.rebilled(sharersOf(utility, login, agreement.id), entry)
  return { usagePoint: agreement.id, period: isoDate(period.start), adjustment: body.amount }
}

const sharersOf = (utility: Utility, login: string, usagePoint: string): Authorization[] =>
  activeOf(utility, login).filter((a) => a.agreements.includes(usagePoint))

function agreementBy(utility: Utility, by: { login: string; usagePoint: string | undefined }): Agreement {
  const household = householdOf(utility, by.login)
  if (!household) throw new BadRequest('login names no customer')
  const agreement = agreementsOf(household).find((a) => by.usagePoint === undefined || a.id === by.usagePoint)
  if (!agreement) throw new BadRequest('The customer has no such usage point')
  return agreement
}

const points = ['connection', 'token', 'resource', 'authorize', 'notification'] as const

async function arrange(utility: Utility, fault: Fault): Promise<void> {
  if (fault.mode === 'expire-now') return expireTokens(utility)
  if (fault.on !== 'connection') return utility.faults.add(fault)
  const { certificates } = utility
  if (!certificates)
    throw new BadRequest('Faults of the connection need a utility with TLS: the admin API shares this port')
  const mode = connectionModeOf(fault)
  if (mode?.certificate) utility.badCertificates.set(mode.name, await badCertificate(certificates, mode.certificate))
  utility.faults.add(fault)
  await utility.meetFaults()
}

/** Access and client tokens die now; refresh tokens live on. */
export function expireTokens(utility: Utility): void {
  for (const token of Object.values(utility.state.tokens)) if (token.kind !== 'refresh') token.expiresAt = utility.now()
  utility.store.save()
}
