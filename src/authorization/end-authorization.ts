import type { Uid } from '../model/uid.ts'
import { type AuthorizationRow, findAuthorization } from '../storage/authorizations.ts'
import type { Tx } from '../storage/db.ts'
import { deleteAuthorizationData } from '../storage/delete-data.ts'
import { endGrants } from '../storage/grants.ts'
import { findTemplate } from '../storage/templates.ts'
import { utilityOf } from '../utilities/index.ts'
import { lastDateBefore } from './local-dates.ts'
import { type MailKind, queueCustomerMail } from './mail.ts'
import type { PathConfig } from './path-deps.ts'
import { isStep, transition, type Why } from './states.ts'

/**
 * Ends a running authorization for good, in one transaction: state, event and audit; the tokens (kept sealed only where
 * the word to the utility needs them); on revocation everything that was collected; the customer's mail. Repeating it
 * changes nothing. Returns the row, or null when it had ended before.
 */
export async function endAuthorization(
  tx: Tx,
  config: PathConfig,
  end: { authorizationUid: Uid; to: 'revoked' | 'expired'; why: Why },
): Promise<AuthorizationRow | null> {
  const { authorizationUid, to, why } = end
  const row = await findAuthorization(tx, authorizationUid)
  if (!row || !isStep(row.state, to)) return null
  const ended = await transition(tx, authorizationUid, to, why)
  // A utility that ended it itself needs no word.
  await endAllGrants(tx, ended, { isTold: why.by === 'utility', now: why.now })
  if (to === 'revoked') await deleteAuthorizationData(tx, authorizationUid)
  await mailAboutEnd(tx, config, { row: ended, kind: to, once: `${to}:${authorizationUid}`, now: why.now })
  return ended
}

/**
 * Ends a grant that was never confirmed: tokens destroyed, the utility owed a word. `declined` when the customer said so
 * on the final step, else `abandoned`.
 */
export async function dropGrant(
  tx: Tx,
  authorizationUid: Uid,
  why: Why & { to?: 'declined' | 'abandoned' },
): Promise<void> {
  const ended = await transition(tx, authorizationUid, why.to ?? 'abandoned', why)
  await endAllGrants(tx, ended, { isTold: why.by === 'utility', now: why.now })
  await deleteAuthorizationData(tx, authorizationUid) // files that came meanwhile are owed to it
}

/** Whether a utility is told of an end, and whether the customer's own token is needed for it. */
export async function endAllGrants(
  tx: Tx,
  row: Pick<AuthorizationRow, 'authorizationUid' | 'utility'>,
  { isTold, exceptNo, now }: { isTold: boolean; exceptNo?: number; now: Date },
): Promise<void> {
  const { tell } = utilityOf(row.utility).ending
  await endGrants(tx, {
    authorizationUid: row.authorizationUid,
    ...(exceptNo === undefined ? {} : { exceptNo }),
    tell: tell !== null && !isTold,
    keepTokens: tell?.token === 'access',
    now,
  })
}

/** Queues a mail about an end, come or coming. False when it was queued before. */
export async function mailAboutEnd(
  tx: Tx,
  config: PathConfig,
  { row, kind, once, now }: { row: AuthorizationRow; kind: MailKind; once: string; now: Date },
): Promise<boolean> {
  const template = await findTemplate(tx, row.templateUid)
  const utility = utilityOf(row.utility)
  return await queueCustomerMail(tx, {
    kind,
    once,
    authorizationUid: row.authorizationUid,
    recipient: row.customerEmail,
    language: row.language,
    facts: {
      companyName: template?.companyName ?? '',
      utilityName: utility.name,
      operatorName: config.operatorName,
      operatorEmail: config.operatorEmail,
      customerName: row.customerName,
      link: null,
      ends: lastDateBefore(row.expires, utility.timezone),
    },
    now,
  })
}
