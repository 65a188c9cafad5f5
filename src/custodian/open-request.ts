import type { DeadEnd } from '../authorization/customer-path.ts'
import { hashKey, isKey } from '../authorization/keys.ts'
import type { Uid } from '../model/uid.ts'
import { listSharesOf } from '../storage/client-consents.ts'
import { type ClientRequestRow, findClientRequest } from '../storage/client-requests.ts'
import { type ClientRow, listClients } from '../storage/clients.ts'
import { findCompany } from '../storage/companies.ts'
import type { Tx } from '../storage/db.ts'
import type { Terms } from './consent-words.ts'
import type { CustodianDeps } from './custodian-deps.ts'

/** One share that the customer can pass on, with what of it. */
export type OfferedShare = { authorizationUid: Uid; terms: Terms }

/** What a mailed link opens in the browser in which it was asked for. */
export type OpenRequest = { row: ClientRequestRow; client: ClientRow; companyName: string; shares: OfferedShare[] }

/** Opens a request by its link's key. A link is not used up by looking. */
export async function openRequest(
  tx: Tx,
  deps: CustodianDeps,
  { key, cookie }: { key: string; cookie: string | null },
): Promise<OpenRequest | { end: DeadEnd }> {
  const now = deps.now()
  const row = isKey(key) ? await findClientRequest(tx, hashKey(key), now) : null
  if (!row) return { end: 'unknown_link' }
  if (cookie === null || !isKey(cookie) || !row.browserHash.equals(hashKey(cookie))) return { end: 'other_browser' }
  if (row.decided !== null) return { end: 'already_used' }
  const [client] = await listClients(tx, row.clientUid)
  const company = await findCompany(tx, row.companyUid)
  if (!client || !company) return { end: 'unknown_link' }
  const found = await listSharesOf(tx, { ...row, now })
  const shares = found.flatMap(({ authorizationUid, utility, dataClasses, historyStart, expires }) => {
    const classes = row.dataClasses.filter((name) => dataClasses.includes(name))
    const known = deps.utilityOf(utility)
    if (classes.length === 0 || known === null) return []
    const terms = {
      dataClasses: classes,
      historyStart: row.historyStart !== null && row.historyStart > historyStart ? row.historyStart : historyStart,
      ends: row.ends !== null && row.ends < expires ? row.ends : expires,
      utilityName: known.name,
      zone: known.timezone,
    }
    return [{ authorizationUid, terms }]
  })
  return { row, client, companyName: company.name, shares }
}
