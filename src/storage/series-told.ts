import { createHash } from 'node:crypto'

import type { Merged } from './merge-layers.ts'
import type { Columns } from './series-block.ts'

/** A month is told in a few windows; more hashes than this would cost more than they spare. */
export const TOLD_LIMIT = 8
const BYTES = 16

/** A hash of readings as they are told: equal for equal columns, whatever feed brought them. */
export function hashColumns({ exponent, start, duration, value, quality, cost, tou, currency }: Columns): Buffer {
  const hash = createHash('sha256')
  hash.update(`${exponent} ${start.length} ${cost !== null} ${tou !== null} ${currency ?? ''}`)
  for (const column of [start, duration, value, quality, cost, tou]) if (column) hash.update(column)
  return hash.digest().subarray(0, BYTES)
}

/**
 * The hashes to keep beside a block after a merge: of each delivery that may come again without changing anything. What was
 * told before a reading was replaced might put the old one back; what an older feed told and lost might win by a later one.
 */
export function rememberTold(
  known: readonly Buffer[],
  told: Buffer | null,
  { replaced, lost }: Pick<Merged, 'replaced' | 'lost'>,
): Buffer[] {
  const still = replaced > 0 ? [] : known
  return lost > 0 || told === null ? [...still] : [...still, told].slice(-TOLD_LIMIT)
}
