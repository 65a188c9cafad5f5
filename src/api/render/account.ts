import type { z } from 'zod'

import type { ApiTokenRow } from '../../storage/api-tokens.ts'
import type { MemberRow } from '../../storage/members.ts'
import type { member, token } from '../answers/account.ts'
import { platformTime, platformTimeOrNull } from './times.ts'

/** Member of API v3. */
export function renderMember(row: MemberRow): z.output<typeof member> {
  const { memberUid, email, name, role, created } = row
  return { uid: memberUid, email, name, role, created: platformTime(created) }
}

/** Token of API v3. */
export function renderToken(row: ApiTokenRow): z.output<typeof token> {
  return {
    uid: row.tokenUid,
    name: row.name,
    scopes: row.scopes,
    user_uid: row.memberUid,
    user_email: row.userEmail,
    created: platformTime(row.created),
    expires: platformTime(row.expires),
    revoked: platformTimeOrNull(row.revoked),
    last_used: platformTimeOrNull(row.lastUsed),
  }
}
