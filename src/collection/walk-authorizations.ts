import type { Uid } from '../model/uid.ts'
import { findPageEnd } from '../storage/active-authorizations.ts'
import type { Db, Tx } from '../storage/db.ts'

/** So many authorizations are looked at in one transaction. */
const PAGE = 500

/** Authorizations behind `after` up to `last`. */
export type Range = { after: Uid; last: Uid }

/** Works on all authorizations, page by page, a transaction each; ends early when the process stops. */
export async function walkAuthorizations(
  { db, signal }: { db: Db; signal: AbortSignal },
  work: (tx: Tx, range: Range) => Promise<unknown>,
): Promise<void> {
  let after: Uid | null = '0'
  while (after !== null && !signal.aborted) {
    const from: Uid = after
    after = await db.operator(async (tx) => {
      const last = await findPageEnd(tx, { after: from, limit: PAGE })
      if (last !== null) await work(tx, { after: from, last })
      return last
    })
  }
}
