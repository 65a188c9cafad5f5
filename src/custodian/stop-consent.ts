import { hashKey, isKey } from '../authorization/keys.ts'
import type { Uid } from '../model/uid.ts'
import type { Actor } from '../storage/audit.ts'
import { appendAudit } from '../storage/audit.ts'
import {
  type ClientConsentRow,
  endClientConsents,
  findRunningConsent,
  listClientConsents,
} from '../storage/client-consents.ts'
import { deleteTokensOf, findClientToken } from '../storage/client-tokens.ts'
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

/** Ends one consent at once: its tokens are gone with it. Repeating it changes nothing. */
export async function stopConsent(
  tx: Tx,
  {
    authorizationUid,
    consentNo,
    by,
    now,
  }: { authorizationUid: Uid; consentNo: number; by: Actor | 'client'; now: Date },
): Promise<void> {
  await deleteTokensOf(tx, { authorizationUid, consentNo })
  const ended = await endClientConsents(tx, { authorizationUid, consentNo, by, now })
  if (ended.length === 0) return
  const [consent] = await listClientConsents(tx, { authorizationUid, consentNo })
  const { companyUid = null, clientUid = null } = consent ?? {}
  const actor = by === 'client' ? 'company' : by
  const details = { clientUid, consentNo, by }
  await appendAudit(tx, { actor, action: 'client_consent_ended', companyUid, authorizationUid, now, details })
}
