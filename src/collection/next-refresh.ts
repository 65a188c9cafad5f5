import type { Frequency } from '../storage/edit-meter.ts'

/** The first refresh comes one period after the start; a fixed day that a month does not have means its last. */
export function nextRefreshAfter(now: Date, frequency: Frequency, fixedDay: number | null): string | null {
  if (frequency === 'off') return null
  const next = new Date(now)
  if (frequency === 'daily') next.setUTCDate(next.getUTCDate() + 1)
  else if (frequency === 'weekly') next.setUTCDate(next.getUTCDate() + 7)
  else {
    const day = fixedDay ?? now.getUTCDate()
    const month = fixedDay !== null && fixedDay > now.getUTCDate() ? 0 : 1
    const last = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + month + 1, 0)).getUTCDate()
    next.setUTCDate(1)
    next.setUTCMonth(next.getUTCMonth() + month)
    next.setUTCDate(Math.min(day, last))
  }
  return next.toISOString().replace('Z', '000+00:00')
}
