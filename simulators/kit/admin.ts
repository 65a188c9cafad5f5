import type { z } from 'zod'
import type { ThirdParty } from '../contract.ts'
import { dayOf, isoDate } from '../world/local-days.ts'
import { activeAuthorizations, endAuthorization, findAuthorization } from './authorizations.ts'
import { bodies, checkedFault } from './admin-bodies.ts'
import { badCertificate, clientCertificate, openCertificates } from './certificates.ts'
import { connectionModeOf, modeNames, modes } from './faults.ts'
import type { Fault } from './faults/contract.ts'
import { type Answer, type Incoming, json } from './server.ts'
import type { Correction, Rebill } from '../world/world.ts'
import type { Authorization } from './state.ts'
import { addedParty } from './parties.ts'
import { householdOf, ledgerFor, setClock, type Utility } from './utility.ts'
import { BadRequest, correct, moveCustomer, rebill, replaceMeter } from './world-changes.ts'

/** What a utility does when its world changes: publish, push, announce. */
export type Hooks = {
  revoked(authorization: Authorization): void
  corrected(authorizations: readonly Authorization[], correction: Correction): void
  rebilled(authorizations: readonly Authorization[], rebill: Rebill): void
  /** A new meter or address. */
  customerChanged(authorizations: readonly Authorization[]): void
  /** Local days `from` to before `until` have begun: what is published with them goes out. */
  daysBegan(from: number, until: number): void
}

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
  'GET /third-parties': (utility) =>
    utility.parties.map(({ name, registration, addresses, dailyPush, historySeconds }) => ({
      ...{ name, registration, addresses, dailyPush, historySeconds },
    })),
  'POST /third-parties': async (utility, { body }) => addParty(utility, bodies.party.parse(body)),
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
    const { status, ...which } = bodies.revoke.parse(body)
    const authorization = authorizationOf(utility, which)
    endAuthorization(utility, authorization, status)
    hooks.revoked(authorization)
    return { subscription: authorization.id, status: authorization.status }
  },
  'POST /correct': (utility, { hooks, body }) => correct(utility, hooks, bodies.correct.parse(body)),
  'POST /rebill': (utility, { hooks, body }) => rebill(utility, hooks, bodies.rebill.parse(body)),
  'POST /move': (utility, { hooks, body }) => moveCustomer(utility, hooks, bodies.move.parse(body)),
  'POST /replace-meter': (utility, { hooks, body }) => replaceMeter(utility, hooks, bodies.meter.parse(body)),
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

/** Registers one more third party and answers with its registration. */
async function addParty(
  utility: Utility,
  { name, dailyPush, historySeconds, ...addresses }: z.output<typeof bodies.party>,
) {
  if (utility.parties.some((p) => p.name === name)) throw new BadRequest(`There is a third party ${name} already`)
  const { certificates } = utility
  const shown = certificates && utility.name === 'pge' ? await clientCertificate(certificates, name) : null
  utility.state.parties[name] = {
    ...{ addresses, dailyPush, historySeconds },
    certificate: shown?.certificate ?? null,
    key: shown?.key ?? null,
  }
  const party = addedParty({ seed: utility.state.seed, utility: utility.name, state: utility.state }, name)
  utility.parties.push(party)
  utility.store.save()
  return { name, registration: party.registration }
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
