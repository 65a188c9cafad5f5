import type { Uid } from '../model/uid.ts'
import { type Actor, appendAudit } from '../storage/audit.ts'
import { endClientConsents, listClientConsents } from '../storage/client-consents.ts'
import { deleteTokensOf } from '../storage/client-tokens.ts'
import type { Tx } from '../storage/db.ts'

/** Ends what a customer lets one third party have, at once: its tokens are gone with it. Repeating it changes nothing. */
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
