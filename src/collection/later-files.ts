import type { Uid } from '../model/uid.ts'
import type { Tx } from '../storage/db.ts'
import { listFilesSince } from '../storage/raw-feeds.ts'
import type { Utility } from '../utilities/contract.ts'
import { fileOrderOf } from '../utilities/decode.ts'

/** Longer does no utility keep a file for us to fetch: one that came earlier was not written after this one. */
const KEPT_MS = 30 * 86_400_000

/**
 * The feeds of files that the utility wrote after this one and that came before it, by number: a notification was late, or the
 * fetch of the older file had to be tried again. What they tell stands. None for what is no file.
 */
export async function laterFiles(
  tx: Tx,
  utility: Utility,
  file: { authorizationUid: Uid; product: string; resource: string; fetched: Date },
): Promise<ReadonlySet<number>> {
  const own = file.product === 'file' ? fileOrderOf(utility, file.resource) : null
  if (own === null) return new Set()
  const others = await listFilesSince(tx, file.authorizationUid, new Date(file.fetched.getTime() - KEPT_MS))
  const later = others.filter(({ resource }) => (fileOrderOf(utility, resource) ?? '') > own)
  return new Set(later.map(({ rawFeedUid }) => Number(rawFeedUid)))
}
