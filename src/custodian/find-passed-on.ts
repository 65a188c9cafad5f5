import { hashKey, isKey } from '../authorization/keys.ts'
import { type ClientConsentRow, findRunningConsent, listClientConsents } from '../storage/client-consents.ts'
import { findClientToken } from '../storage/client-tokens.ts'
import type { Tx } from '../storage/db.ts'
import type { CustodianDeps } from './custodian-deps.ts'

/** What the customer's private link shows. */
export type PassedOn = { consent: ClientConsentRow; isRunning: boolean }

/** The consent that a mailed link is about; null: no such link. */
export async function findPassedOn(tx: Tx, { now }: CustodianDeps, key: string): Promise<PassedOn | null> {
  const link = isKey(key) ? await findClientToken(tx, hashKey(key), now()) : null
  if (link?.kind !== 'customer' || link.authorizationUid === null || link.consentNo === null) return null
  const place = { authorizationUid: link.authorizationUid, consentNo: link.consentNo }
  const [consent] = await listClientConsents(tx, place)
  return consent ? { consent, isRunning: (await findRunningConsent(tx, { ...place, now: now() })) !== null } : null
}
