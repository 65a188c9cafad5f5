import type { Uid } from '../model/uid.ts'
import type { Db, Tx } from '../storage/db.ts'
import { closeRequests, listAnswered } from '../storage/bulk-requests.ts'
import { oweToNamed } from '../storage/named-files.ts'
import { PRIORITY } from '../storage/windows.ts'
import { finishUpdate } from './finish-update.ts'
import type { Espi } from '../utilities/contract.ts'

const PAGE = 500

/**
 * Owes bulk data to those whose data it holds, as soon as it has been taken apart; whoever fetched it finds it owed already.
 * So a file costs as many windows as it names customers, however many there are beside them. owners: the utility's ids.
 */
export async function oweNamed(
  { db, now }: { db: Db; now: () => Date },
  p: { registrationUid: Uid; file: string; delivery: Espi['delivery']; owners: readonly string[] },
): Promise<void> {
  const by = p.delivery === 'bulk-files' ? 'retail_customer' : 'subscription'
  const { registrationUid, file } = p
  for (let from = 0; from < p.owners.length; from += PAGE) {
    const owners = p.owners.slice(from, from + PAGE)
    const named = { file, by, owners, priority: PRIORITY.fresh, now: now() } as const
    await db.operator((tx) => oweToNamed(tx, registrationUid, named))
  }
}

/** After a file has been looked into: whoever waited for this only has what the utility sent. */
export async function finishAnswered({ db, now }: { db: Db; now: () => Date }, registrationUid: Uid): Promise<void> {
  for (const authorizationUid of await db.operator((tx) => listAnswered(tx, registrationUid)))
    await db.operator((tx) => finishRequests(tx, { authorizationUid, registrationUid }, now()))
}

/** The utility has named what it holds, and all of it has been looked into: whoever has had their first data has all there is. */
export async function finishNamed(tx: Tx, registrationUid: Uid, now: Date): Promise<void> {
  for (const authorizationUid of await listAnswered(tx, registrationUid, { isNamed: true }))
    await finishRequests(tx, { authorizationUid, registrationUid, isNamed: true }, now)
}

async function finishRequests(tx: Tx, answered: Parameters<typeof closeRequests>[1], now: Date): Promise<void> {
  await closeRequests(tx, answered, now)
  await finishUpdate(tx, answered.authorizationUid, now)
}
