import { endAuthorization } from '../kit/authorizations.ts'
import type { Answer } from '../kit/server.ts'
import type { Authorization } from '../kit/state.ts'
import type { Utility } from '../kit/utility.ts'

/** What becomes of the data of test customers, who sign in with the name of their scenario. */
export type Scenarios = {
  /** The answer to a request for data under this share, in place of the data; null: the data. */
  meet(authorization: Authorization): Answer | null
  /** Whether its feeds have readings. */
  hasReadings(authorization: Authorization): boolean
}

/** The meters are found with the first two requests for data: the newest usage, and the customer. */
const FOUND = 2
/** Long enough for a meter to be seen, short enough to wait for. */
const REVOKED_AFTER_MS = 3000
const WAIT_SECONDS = 120
/** More than a collection of two years asks for at once, so that some are asked twice. */
const WAITS = 40

type Act = (authorization: Authorization) => Answer | null

/** `revoked` is called when a share has ended, so that it is announced. */
export const createScenarios = (utility: Utility, revoked: (authorization: Authorization) => void): Scenarios => {
  const asked = new Map<string, number>()
  const fail = (status: number, headers: Record<string, string> = {}): Answer => ({
    status,
    type: 'text/plain',
    headers,
    body: 'This test asked for it.',
  })
  const refuse: Act = ({ id }) => {
    for (const [text, token] of Object.entries(utility.state.tokens))
      if (token.authorization === id) delete utility.state.tokens[text] // the share itself stays as it is
    return { ...fail(401), headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }
  }
  const endSoon: Act = (authorization) => {
    if (asked.get(authorization.id) !== 1) return null
    setTimeout(() => {
      endAuthorization(utility, authorization)
      revoked(authorization)
    }, REVOKED_AFTER_MS).unref()
    return null
  }
  const waitFirst: Act = ({ id }) =>
    (asked.get(id) ?? 0) > FOUND + WAITS ? null : fail(503, { 'retry-after': String(WAIT_SECONDS) })
  const acts: Record<string, { act: Act; after?: true }> = {
    badlogin: { act: refuse },
    badlogin_after: { act: refuse, after: true },
    websitedown: { act: () => fail(503) },
    websitedown_after: { act: () => fail(503), after: true },
    utilityerror: { act: () => fail(500) },
    utilityerror_after: { act: () => fail(500), after: true },
    pending_manual_after: { act: () => ({ status: 202 }), after: true },
    wait_to_login_after: { act: waitFirst, after: true },
    revoked: { act: endSoon },
  }
  return {
    meet(authorization) {
      const { id, login } = authorization
      const scenario = Object.hasOwn(acts, login) ? acts[login] : undefined
      if (!scenario) return null
      const count = (asked.get(id) ?? 0) + 1
      asked.set(id, count)
      return scenario.after && count <= FOUND ? null : scenario.act(authorization)
    },
    hasReadings: ({ login }) => login !== 'nointervals',
  }
}
