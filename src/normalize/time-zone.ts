import type { Entry } from '../espi/entry.ts'
import { offsetAt } from '../units/local-days.ts'
import { warn, type WarningCounts } from './warnings.ts'

/**
 * Compares the feed's LocalTimeParameters with the utility's zone. They are only a check: utilities write truncated rules,
 * moments in place of rules, and offsets with the wrong sign.
 */
export function checkZone(entries: readonly Entry[], timezone: string, counts: WarningCounts): void {
  // Standard time is the smaller of the offsets at midwinter and midsummer, in both hemispheres.
  const year = 1_704_067_200
  const standard = Math.min(offsetAt(year, timezone), offsetAt(year + 182 * 86_400, timezone))
  for (const { content } of entries) {
    if (content?.kind !== 'LocalTimeParameters' || content.value.tzOffset === null) continue
    if (content.value.tzOffset !== standard) warn(counts, 'time_zone_differs')
  }
}
