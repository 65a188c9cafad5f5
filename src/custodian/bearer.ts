import { hashKey, isKey } from '../authorization/keys.ts'
import type { Uid } from '../model/uid.ts'
import { findRunningConsent, type RunningConsent } from '../storage/client-consents.ts'
import { findClientToken } from '../storage/client-tokens.ts'
import type { CustodianDeps } from './custodian-deps.ts'
import { forbidden, unauthorized } from './resource-error.ts'

/** Whom a token speaks for. A token of a customer's has its consent, which is in force. */
export type Bearer = { companyUid: Uid; clientUid: Uid } & (
  | { kind: 'access'; consent: RunningConsent }
  | { kind: 'client' | 'registration' }
)

/** The holder of a Bearer header (RFC 6750 section 2.1). Throws ResourceError 401. */
export async function findBearer({ db, now }: CustodianDeps, header: string | undefined): Promise<Bearer> {
  const token = /^Bearer ([\w-]+)$/i.exec(header ?? '')?.[1] ?? ''
  if (!isKey(token)) throw unauthorized()
  return await db.readOperator(async (tx): Promise<Bearer> => {
    const row = await findClientToken(tx, hashKey(token), now())
    if (row === null) throw unauthorized()
    const { kind, companyUid, clientUid, authorizationUid, consentNo } = row
    if (kind === 'client' || kind === 'registration') return { kind, companyUid, clientUid }
    if (kind !== 'access' || authorizationUid === null || consentNo === null) throw unauthorized()
    const consent = await findRunningConsent(tx, { authorizationUid, consentNo, now: now() })
    if (consent === null) throw unauthorized()
    return { kind, companyUid, clientUid, consent }
  })
}

/** The consent behind a customer's token, for a resource below this subscription. Throws ResourceError 403. */
export function consentFor(bearer: Bearer, subscription: string): RunningConsent {
  if (bearer.kind !== 'access' || bearer.consent.authorizationUid !== subscription) throw forbidden()
  return bearer.consent
}

/** A token of the client's own. Throws ResourceError 403. */
export function requireClient(bearer: Bearer, kind: 'client' | 'registration' = 'client'): Bearer {
  if (bearer.kind !== kind) throw forbidden()
  return bearer
}
