import { z } from 'zod'

import { addMonths, dateIn } from './local-dates.ts'

const schema = z.object({
  expires: z.string().optional().catch(undefined),
  ongoing_end: z.string().nullish().catch(null),
})

/** What a form's scope (utilityapi.md 6.2) says of the end: the suggested last day, and one that must not be passed. */
export type ScopeEnds = { suggested: string | null; latest: string | null }

/**
 * Reads `expires` (`7d`, `2w`, `6m`, `3y`, a moment, or `until_revoked`, which suggests nothing) and `ongoing_end`. Dates
 * are local. What cannot be read says nothing: the template's own limits hold in any case.
 */
export function readScopeEnds(
  scope: Record<string, unknown>,
  { today, zone }: { today: string; zone: string },
): ScopeEnds {
  const { expires, ongoing_end: ongoingEnd } = schema.parse(scope)
  return {
    suggested: expires === undefined ? null : (durationEnd(expires, today) ?? momentEnd(expires, zone)),
    latest: ongoingEnd ? momentEnd(ongoingEnd, zone) : null,
  }
}

function durationEnd(text: string, today: string): string | null {
  const [, digits, unit] = /^([1-9]\d{0,3})([dwmy])$/.exec(text) ?? []
  const count = Number(digits)
  if (unit === 'm') return addMonths(today, count)
  if (unit === 'y') return addMonths(today, count * 12)
  if (unit === undefined) return null
  const day = new Date(`${today}T00:00:00Z`)
  day.setUTCDate(day.getUTCDate() + count * (unit === 'w' ? 7 : 1))
  return day.toISOString().slice(0, 10)
}

function momentEnd(text: string, zone: string): string | null {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text
  const at = new Date(text)
  return Number.isNaN(at.getTime()) || !/^\d{4}-/.test(text) ? null : dateIn(zone, at)
}
