import { appendAudit } from '../storage/audit.ts'
import type { Db } from '../storage/db.ts'
import { claimUntold, finishTelling, type GrantRow, putOffTelling } from '../storage/grants.ts'
import type { Envelope } from '../storage/secrets.ts'
import type { Connection, Connections } from '../utilities/connections.ts'
import { readTokens } from './grant-tokens.ts'
import type { Tokens } from './tokens.ts'

export type TellDeps = { db: Db; envelope: Envelope; connections: Connections; tokens: Tokens; now: () => Date }

const BATCH = 50
const CLAIM_MS = 300_000
const GIVE_UP_MS = 7 * 86_400_000
/** Minutes between tries; the last one holds until we give up. */
const BACKOFF_MINUTES = [1, 2, 4, 15, 60, 240, 720]

/**
 * Tells utilities of grants that have ended with us, again and again for seven days; then the operator is alarmed and
 * the customer's own page at the utility remains. Safe in several processes. Returns how many utilities were told.
 */
export async function tellUtilities(deps: TellDeps): Promise<number> {
  const now = deps.now()
  const again = new Date(now.getTime() + CLAIM_MS)
  const claimed = await deps.db.operator((tx) => claimUntold(tx, { now, again, limit: BATCH }))
  let told = 0
  for (const grant of claimed) if (await tellOne(deps, grant)) told++
  return told
}

async function tellOne(deps: TellDeps, grant: GrantRow): Promise<boolean> {
  const isTold = await tryToTell(deps, grant)
  const now = deps.now()
  const { authorizationUid, grantNo, companyUid, ended, tellAttempts } = grant
  await deps.db.operator(async (tx) => {
    if (isTold) {
      await finishTelling(tx, { authorizationUid, grantNo, told: now })
      await appendAudit(tx, { actor: 'system', action: 'utility_told', companyUid, authorizationUid, now })
      return
    }
    if (now.getTime() - (ended ?? now).getTime() >= GIVE_UP_MS) {
      await finishTelling(tx, { authorizationUid, grantNo, told: null })
      const details = { code: 'utility_not_told', attempts: tellAttempts }
      await appendAudit(tx, { actor: 'system', action: 'operator_alarm', companyUid, authorizationUid, now, details })
      return
    }
    const minutes = BACKOFF_MINUTES[Math.min(tellAttempts, BACKOFF_MINUTES.length) - 1] ?? 1
    await putOffTelling(tx, { authorizationUid, grantNo, next: new Date(now.getTime() + minutes * 60_000) })
  })
  return isTold
}

async function tryToTell(deps: TellDeps, grant: GrantRow): Promise<boolean> {
  try {
    const connection = await deps.connections.of(grant.registrationUid)
    const { tell, accepted } = connection.utility.ending
    if (tell === null || grant.authorizationUri === null) return false
    const status = await deleteGrant(deps, connection, grant)
    return accepted.includes(status)
  } catch {
    // Whatever it was, the word is still owed; the row says when the next try is.
    return false
  }
}

async function deleteGrant(
  deps: TellDeps,
  { utility, transport, admit }: Connection,
  grant: GrantRow,
): Promise<number> {
  const end = async (token: string): Promise<number> => {
    await admit()
    return (await transport.delete(grant.authorizationUri ?? '', token)).status
  }
  if (utility.ending.tell?.token === 'access') {
    const pair = readTokens(deps.envelope, grant)
    return pair ? await end(pair.accessToken) : 0
  }
  return await deps.tokens.withClientToken(grant.registrationUid, end)
}
