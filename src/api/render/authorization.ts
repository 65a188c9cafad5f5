import type { ListedAuthorization } from '../../storage/list-authorization-page.ts'
import { authorizationExports } from './exports.ts'
import { authorizationNotes } from './notes.ts'
import { platformTime, platformTimeOrNull } from './times.ts'

/**
 * Authorization, utilityapi.md 6.3, keys in the order of its sample. customer_signature is always an object: it is
 * called deprecated, but a client crashes on null. meters: only where they were asked for.
 */
export function renderAuthorization(
  row: ListedAuthorization,
  {
    now,
    publicUrl,
    meters,
  }: { now: Date; publicUrl: string; meters?: { meters: object[]; next: string | null } | undefined },
): Record<string, unknown> {
  const signed = row.agreed ?? row.created
  return {
    uid: row.authorizationUid,
    created: platformTime(row.created),
    customer_signature: { type: 'greenbutton', ts: platformTime(signed), full_name: row.customerName },
    customer_email: row.customerEmail,
    declined: platformTimeOrNull(row.declined),
    is_declined: row.declined !== null,
    expires: platformTime(row.expires),
    is_expired: row.state === 'expired' || row.expires <= now,
    ...authorizationExports(row, publicUrl),
    template_uid: row.templateUid,
    form_uid: row.formUid,
    referrals: row.referrals,
    is_archived: row.isArchived,
    is_test: row.isTest,
    scope: row.scope,
    nickname: row.nickname,
    notes: authorizationNotes(row.notes, row.state, row.statusTs),
    revoked: platformTimeOrNull(row.revoked),
    is_revoked: row.revoked !== null,
    status: row.status,
    status_message: row.statusMessage === '' ? (MESSAGES[row.status] ?? '') : row.statusMessage,
    status_ts: platformTime(row.statusTs),
    user_uid: row.memberUid,
    user_email: row.userEmail,
    user_status: 'active',
    utility: row.utility,
    ...(meters === undefined ? {} : { meters }),
  }
}

const MESSAGES: Record<string, string> = {
  pending: 'Looking for meters.',
  updated: 'Meters found!',
  errored: 'The utility refused access.',
}
