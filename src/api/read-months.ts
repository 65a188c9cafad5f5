import type { Uid } from '../model/uid.ts'
import type { Db, Tx } from '../storage/db.ts'
import {
  type ChannelReach,
  listChannelReaches,
  listIntervalBlocks,
  type MonthBlock,
} from '../storage/list-interval-blocks.ts'
import type { ListedInterval } from '../storage/list-interval-page.ts'
import type { AskedMeter } from './data-query.ts'
import type { Call } from './endpoint.ts'
import type { IntervalContext } from './render/interval.ts'

/** Months whose blocks are read in one statement: a year of a meter, some 6 MB of text at a time. */
const MONTHS_AT_ONCE = 12

/** By what months and bills are read: a call, or whatever else speaks for a company. */
export type Reading = Pick<Call, 'companyUid'> & {
  deps: { db: Pick<Db, 'company' | 'readCompany'>; publicUrl: string }
}

/** One month of one meter, with what its rendering needs. */
export type ReadMonth = { row: ListedInterval; blocks: MonthBlock[]; context: IntervalContext }

/**
 * The blocks of some months, a few at a time, as they are asked for: memory does not grow with their number. No transaction is
 * open between, so whoever stops asking (the client went away) leaves nothing running.
 */
export async function* readMonths(
  { deps, companyUid }: Reading,
  rows: readonly ListedInterval[],
  meters: ReadonlyMap<Uid, AskedMeter>,
): AsyncGenerator<ReadMonth, void, undefined> {
  for (let from = 0; from < rows.length; from += MONTHS_AT_ONCE) {
    const some = rows.slice(from, from + MONTHS_AT_ONCE)
    const { blocks, reaches } = await deps.db.readCompany(companyUid, async (tx) => readSome(tx, some))
    for (const [at, row] of some.entries()) {
      const meter = meters.get(row.meterUid)
      if (!meter) continue
      const context = { publicUrl: deps.publicUrl, ...toContext(meter, reaches?.get(row.meterUid)) }
      yield { row, blocks: blocks[at] ?? [], context }
    }
  }
}

/** How far channels reach is of use only beside another channel; most meters have one, and the question is spared. */
async function readSome(tx: Tx, some: readonly ListedInterval[]) {
  const blocks = await listIntervalBlocks(tx, some)
  const reaches = blocks.some(({ length }) => length > 1) ? await listChannelReaches(tx, some) : null
  return { blocks, reaches }
}

function toContext({ facts, utility, zone, span }: AskedMeter, reaches: ChannelReach[] = []) {
  return { meter: facts, utility, zone, from: span.from, until: span.until, reaches }
}
