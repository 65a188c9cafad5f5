import { gapsBetween, type Span, unionOf } from '../storage/coverage.ts'
import type { Gap, GappedMeter } from '../storage/gaps.ts'
import { addLocalDays, localMidnight } from '../units/local-days.ts'
import type { Utility } from '../utilities/contract.ts'
import { isConsented, reachOf } from './plan-windows.ts'

const DAY = 86_400

/**
 * What to ask for again: whole local days around the gaps between readings that are older than a day, newest first, no longer
 * than one request may be, within consent and the utility's history. meters: of one authorization.
 */
export function planGaps(meters: readonly GappedMeter[], utility: Utility, now: Date): Gap[] {
  const { espi, timezone } = utility
  const [first] = meters
  if (first === undefined || !isConsented('usage', first.dataClasses, espi)) return []
  const reach = reachOf(first, utility, now)
  const oldest = Math.max(reach.historyStart, addLocalDays(reach.now, -espi.historyDays, timezone))
  const wholeDays = ([from, to]: Span): Span => [localMidnight(from, timezone), addLocalDays(to - 1, 1, timezone)]
  const isOwed = ([from, to]: Span): boolean => from >= oldest && to <= reach.now - DAY
  const byResource = Map.groupBy(meters, ({ usagePoint }) =>
    espi.delivery === 'subscription-windows' ? '' : usagePoint,
  )
  return [...byResource]
    .flatMap(([resource, of]) => {
      const gaps = of.flatMap(({ coverage }) => gapsBetween(coverage).filter(isOwed).map(wholeDays))
      return unionOf(gaps).flatMap((span) => cut(span, utility).map(([from, to]) => ({ resource, from, to })))
    })
    .toSorted((a, b) => b.to - a.to)
}

function cut([from, to]: Span, utility: Utility): Span[] {
  const { windowDays } = utility.espi
  const end = windowDays === null ? to : Math.min(to, addLocalDays(from, windowDays, utility.timezone))
  return end >= to ? [[from, to]] : [[from, end], ...cut([end, to], utility)]
}
