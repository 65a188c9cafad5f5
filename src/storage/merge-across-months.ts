import type { Uid } from '../model/uid.ts'
import { monthOf, monthStart } from '../units/local-days.ts'
import { readLayers } from './beneath.ts'
import { countOnce, LONGEST } from './count-once.ts'
import type { Tx } from './db.ts'
import { mergeTold, type Sourced } from './merge-columns.ts'
import { allOf, EMPTY, type Merged, showOnce } from './merge-layers.ts'
import type { Columns } from './series-block.ts'
import type { BlockKey, KnownBlock } from './series-rows.ts'

/** Months of one channel that readings hold together since they reach over the ends of months; from and to included. */
export type Chain = { meterUid: Uid; channel: string; from: number; to: number }

type Told = BlockKey & { columns: Columns }

/** What a month became, beside what it was. */
export type MergedMonth = { month: number; known: KnownBlock | null; merged: Merged; reach: number | null }

/** Where the last of some readings ends, if that is after their month; else null. */
export function reachOf({ start, duration }: Columns, month: number, zone: string): number | null {
  let reach = -Infinity
  for (let row = 0; row < start.length; row++)
    reach = Math.max(reach, (start[row] ?? 0) + Math.min(LONGEST, duration[row] ?? 0))
  return reach > monthStart(month + 1, zone) ? reach : null
}

/**
 * The chains of which some of the months that are told are links: for most utilities none, as days end with their month.
 * stored: what findReaching tells of their meters.
 */
export function findChains(
  stored: readonly (BlockKey & { reach: number })[],
  { told, zone }: { told: readonly Told[]; zone: string },
): Chain[] {
  const reaching = [...stored, ...told.map((part) => ({ ...part, reach: reachOf(part.columns, part.month, zone) }))]
  const spans = reaching.flatMap(({ meterUid, channel, month, reach }): Chain[] =>
    reach === null ? [] : [{ meterUid, channel, from: month, to: monthOf(reach - 1, zone) }],
  )
  const chains: Chain[] = []
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const chain = chains.find((one) => isSameChannel(one, span) && span.from <= one.to)
    if (chain) chain.to = Math.max(chain.to, span.to)
    else chains.push({ ...span })
  }
  return chains.filter((chain) => told.some((part) => isLink(chain, part)))
}

const isSameChannel = (a: Omit<Chain, 'from' | 'to'>, b: Omit<Chain, 'from' | 'to'>): boolean =>
  a.meterUid === b.meterUid && a.channel === b.channel

/** True when a month is one of a chain. */
export function isLink(chain: Chain, key: BlockKey): boolean {
  return isSameChannel(chain, key) && chain.from <= key.month && key.month <= chain.to
}

/** Merges what is told of the months of a chain, and weighs all of them together. */
export async function mergeAcrossMonths(
  tx: Tx,
  authorizationUid: Uid,
  chain: Chain,
  {
    told,
    feed,
    zone,
    later,
  }: { told: readonly Told[]; feed: number; zone: string; later?: ReadonlySet<number> | undefined },
): Promise<MergedMonth[]> {
  const known = new Map((await readLayers(tx, authorizationUid, chain)).map((block) => [block.month, block]))
  const months = [...new Set([...known.keys(), ...told.map(({ month }) => month)])].toSorted((a, b) => a - b)
  const merges = months.map((month) => {
    let all: Sourced = allOf(known.get(month)?.sourced ?? EMPTY)
    const counts = { added: 0, replaced: 0, lost: 0 }
    for (const { columns } of told.filter((part) => part.month === month)) {
      const merged = mergeTold(all, columns, { feed, arePoints: false, later })
      all = merged.all
      for (const name of ['added', 'replaced', 'lost'] as const) counts[name] += merged[name]
    }
    return { month, all, counts }
  })
  const shown = countOnce(merges.map(({ all }) => all).reduce((before, all) => allOf({ ...before, beneath: all })))
  let from = 0
  return merges.map(({ month, all, counts }) => {
    const block = known.get(month) ?? null
    const own = shown.subarray(from, (from += all.source.length))
    const isSame = counts.added + counts.replaced === 0
    const merged = showOnce(block?.sourced ?? EMPTY, all, { feed, shown: own, isSame, counts })
    return { month, known: block, merged, reach: reachOf(all.columns, month, zone) }
  })
}
