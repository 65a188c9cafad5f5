import { randomUUID } from 'node:crypto'
import type { Authorization, Code, Token } from './state.ts'
import { firstParty, type Party } from './parties.ts'
import type { Utility } from './utility.ts'

/** Grants: created by the customer's submit, ended by either side or by time. Ids go up and are never used again. */
export const createAuthorization = (
  utility: Utility,
  grant: Pick<
    Authorization,
    'login' | 'agreements' | 'data' | 'scope' | 'endsAt' | 'frequencies' | 'party' | 'historySeconds'
  >,
): Authorization => {
  utility.state.nextNumber += 17
  const authorization: Authorization = {
    ...grant,
    id: String(utility.state.nextNumber),
    createdAt: utility.now(),
    status: 1,
    deliveredAt: null,
  }
  utility.state.authorizations[authorization.id] = authorization
  utility.store.save()
  return authorization
}

export const findAuthorization = (utility: Utility, id: string): Authorization | null =>
  Object.hasOwn(utility.state.authorizations, id) ? (utility.state.authorizations[id] ?? null) : null

/** Ends the grant for good: its tokens stop at once. */
export const endAuthorization = (utility: Utility, authorization: Authorization, status: 0 | 2 = 0): void => {
  authorization.status = status
  for (const [token, { authorization: id }] of Object.entries(utility.state.tokens))
    if (id === authorization.id) delete utility.state.tokens[token]
  for (const code of Object.values(utility.state.codes)) if (code.authorization === authorization.id) code.used = true
  utility.store.save()
}

/** Active now: not revoked, and not past the end the customer chose. */
export const isActive = (utility: Utility, authorization: Authorization): boolean => {
  if (authorization.status === 1 && authorization.endsAt !== null && authorization.endsAt <= utility.now()) {
    endAuthorization(utility, authorization)
    utility.onEnded(authorization)
  }
  return authorization.status === 1
}

export const activeAuthorizations = (utility: Utility): Authorization[] =>
  Object.values(utility.state.authorizations).filter((a) => isActive(utility, a))

export const activeOf = (utility: Utility, login: string): Authorization[] =>
  activeAuthorizations(utility).filter((a) => a.login === login)

export const isOf = (authorization: Authorization, party: Party): boolean =>
  (authorization.party ?? firstParty) === party.name

/** What the customers share with one third party now. */
export const activeFor = (utility: Utility, party: Party): Authorization[] =>
  activeAuthorizations(utility).filter((a) => isOf(a, party))

export const createCode = (
  utility: Utility,
  code: Pick<Code, 'authorization' | 'redirectUri' | 'test'> & { challenge?: string },
): string => {
  const text = randomUUID()
  utility.state.codes[text] = { ...code, used: false, expiresAt: utility.now() + utility.settings.codeSeconds }
  utility.store.save()
  return text
}

export const createToken = (utility: Utility, token: Token): string => {
  const text = randomUUID()
  utility.state.tokens[text] = token
  if (Object.keys(utility.state.tokens).length % 512 === 0) prune(utility)
  utility.store.save()
  return text
}

function prune(utility: Utility): void {
  const before = utility.now() - 86_400
  for (const [text, token] of Object.entries(utility.state.tokens))
    if (token.expiresAt < before) delete utility.state.tokens[text]
  for (const [text, code] of Object.entries(utility.state.codes))
    if (code.expiresAt < before) delete utility.state.codes[text]
}

export type Bearer =
  | { kind: 'none' | 'unknown' | 'expired' }
  | { kind: 'registration'; party: Party }
  | { kind: 'client'; test: boolean; party: Party }
  | { kind: 'access'; authorization: string; test: boolean; party: Party }

/** Reads the bearer token of a request. */
export const bearerOf = (utility: Utility, header: string): Bearer => {
  const text = /^bearer\s+(\S+)$/i.exec(header)?.[1]
  if (text === undefined) return { kind: 'none' }
  const registered = utility.parties.find((p) => p.registration.registrationAccessToken === text)
  if (registered) return { kind: 'registration', party: registered }
  const token = Object.hasOwn(utility.state.tokens, text) ? utility.state.tokens[text] : undefined
  if (!token || token.kind === 'refresh') return { kind: 'unknown' }
  if (token.expiresAt <= utility.now()) return { kind: 'expired' }
  const party = utility.parties.find((p) => p.name === (token.party ?? firstParty))
  if (!party) return { kind: 'unknown' }
  if (token.kind === 'client') return { kind: 'client', test: token.test, party }
  return { kind: 'access', authorization: token.authorization ?? '', test: token.test, party }
}
