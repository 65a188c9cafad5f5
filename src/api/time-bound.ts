import { z } from 'zod'

import { midnightOf, offsetAt } from '../units/local-days.ts'

/** A `start` or `end` as a function of the zone it is meant in: epoch seconds. Null: not given. */
export type TimeBound = ((zone: string) => number) | null

const DATE = /^\d{4}-\d{2}-\d{2}$/
const MOMENT = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}(?::\d{2})?)(?:\.\d{1,9})?(Z|[+ -]\d{2}:?\d{2})?$/i

/**
 * ISO 8601 with `T`, or YYYY-MM-DD meaning midnight where the utility is, as does a time without an offset. A blank
 * before the offset is a plus that nobody escaped.
 */
export const timeBound = z
  .string('must be given once')
  .optional()
  .transform((text, context): TimeBound => {
    if (text === undefined || text === '') return null
    const bound = parseBound(text.trim())
    if (bound) return bound
    context.addIssue({ code: 'custom', message: 'must be YYYY-MM-DD or an ISO 8601 time' })
    return z.NEVER
  })
  .meta({ description: 'ISO 8601, or YYYY-MM-DD: midnight at the utility.' })

function parseBound(text: string): TimeBound {
  if (DATE.test(text)) return isDate(text) ? (zone) => midnightOf(text, zone) : null
  const [, date = '', time = '', offset] = MOMENT.exec(text) ?? []
  if (!isDate(date)) return null
  const local = Date.parse(`${date}T${time}Z`) / 1000
  if (Number.isNaN(local)) return null
  if (offset === undefined) return (zone) => local - offsetAt(local - offsetAt(local, zone), zone)
  const ahead = offsetSeconds(offset)
  return ahead === null ? null : () => local - ahead
}

function offsetSeconds(offset: string): number | null {
  if (/^z$/i.test(offset)) return 0
  const digits = offset.slice(1).replace(':', '')
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2))]
  if (hours > 15 || minutes > 59) return null
  return (offset.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60)
}

function isDate(text: string): boolean {
  try {
    midnightOf(text, 'UTC')
    return true
  } catch {
    return false
  }
}
