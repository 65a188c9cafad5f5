import { countOnce, overlaps } from './count-once.ts'
import {
  atExponent,
  compareRows,
  copyReading,
  emptyColumns,
  isEqual,
  mergeTold,
  pickRows,
  type Sourced,
  withoutEmpty,
} from './merge-columns.ts'
import type { Columns } from './series-block.ts'

/**
 * The readings of one channel and month: those that are shown, each start once, and beneath them what was told of the same
 * time in another length and is not shown now (by start, then length; null: nothing). Together they are all that was told.
 */
export type Layers = Sourced & { beneath: Sourced | null }

/**
 * Of the readings shown: added, starts that were not; changed, readings that others replaced. Of all that was told:
 * replaced, readings that took the place of another; lost, those that came and are not shown for it.
 * isSame: nothing was added or replaced, neither shown nor beneath.
 */
export type Merged = Layers & { added: number; changed: number; replaced: number; lost: number; isSame: boolean }

/** Nothing told yet. */
export const EMPTY: Layers = {
  columns: {
    exponent: Infinity,
    start: new Float64Array(),
    duration: new Uint32Array(),
    value: new Float64Array(),
    quality: new Uint8Array(),
    cost: null,
    tou: null,
    currency: null,
  },
  source: new Float64Array(),
  beneath: null,
}

/**
 * Merges readings of a feed into those of a month: of each start and length by mergeTold, and what was told in several
 * lengths is weighed by countOnce. arePoints: readings of an index, which have no length and of which each start has one.
 */
export function mergeLayers(
  known: Layers,
  told: Columns,
  feed: number,
  { arePoints = false, later }: { arePoints?: boolean; later?: ReadonlySet<number> | undefined } = {},
): Merged {
  const { all, ...counts } = mergeTold(allOf(known), told, { feed, arePoints, later })
  const isSame = counts.added + counts.replaced === 0
  if (known.beneath === null && (arePoints || !overlaps(all.columns)))
    return { ...all, beneath: null, ...counts, changed: counts.replaced, isSame }
  return showOnce(known, all, { feed, shown: countOnce(all), isSame, counts })
}

/** Of all that was told in a month, what is shown and what is beneath, and what that changes. */
export function showOnce(
  known: Layers,
  all: Sourced,
  now: { feed: number; shown: Uint8Array; isSame: boolean; counts: Pick<Merged, 'replaced' | 'lost'> },
): Merged {
  const over = pickRows(all, (row) => now.shown[row] === 1)
  const beneath = pickRows(all, (row) => now.shown[row] !== 1)
  const { added, changed } = compareShown(known, over)
  return {
    ...over,
    beneath: beneath.source.length === 0 ? null : beneath,
    added,
    changed,
    replaced: now.counts.replaced + changed,
    lost: now.counts.lost + beneath.source.filter((source) => source === now.feed).length,
    isSame: now.isSame && added + changed === 0,
  }
}

/** Both layers, by start and then by length. */
export function allOf({ beneath, ...shown }: Layers): Sourced {
  if (beneath === null) return shown
  const exponent = Math.min(shown.columns.exponent, beneath.columns.exponent)
  const [a, b] = [atExponent(shown.columns, exponent), atExponent(beneath.columns, exponent)]
  const out = emptyColumns(a.start.length + b.start.length, {
    ...{ exponent, currency: a.currency ?? b.currency, cost: a.cost ?? b.cost, tou: a.tou ?? b.tou },
  })
  const source = new Float64Array(out.start.length)
  for (let i = 0, j = 0; i + j < source.length;) {
    const isFirst = compareRows(a, i, b, j) <= 0
    source[i + j] = (isFirst ? shown.source[i] : beneath.source[j]) ?? 0
    if (isFirst) copyReading(out, i + j, a, i++)
    else copyReading(out, i + j, b, j++)
  }
  return { columns: withoutEmpty(out), source }
}

function compareShown(known: Sourced, shown: Sourced): { added: number; changed: number } {
  const exponent = Math.min(known.columns.exponent, shown.columns.exponent)
  const [old, next] = [atExponent(known.columns, exponent), atExponent(shown.columns, exponent)]
  let [added, changed] = [0, 0]
  for (let i = 0, j = 0; i < old.start.length || j < next.start.length;) {
    const order = compareRows(old, i, next, j, true)
    if (order > 0) added++
    else if (order < 0 || old.quality[i] !== next.quality[j] || !isEqual(old, i, next, j)) changed++
    if (order <= 0) i++
    if (order >= 0) j++
  }
  return { added, changed }
}
