import { z } from 'zod'

import { isUid } from '../model/uid.ts'
import { invalidParam, requiredParam } from './api-error.ts'
import { timeBound } from './time-bound.ts'

/** At most this many items in one list parameter; a page has as many. */
const LIST_LIMIT = 1000
const TEXT_LIMIT = 500

/** Text that the database can hold: no NUL, no half of a surrogate pair. */
export const plainText = z
  .string('must be text')
  .max(TEXT_LIMIT, 'is too long')
  .refine((text) => !text.includes('\0') && text.isWellFormed(), 'holds characters that are not allowed')

/** An address that mail goes to. */
export const emailAddress = z.email('must be an e-mail address').max(254, 'is too long')

export const uid = z.string('must be a uid (digits)').refine(isUid, 'must be a uid (digits)')

/** A list as clients send it: by comma, by repetition, or both; an empty one counts as not given. */
function list<Item extends z.ZodType<unknown, string>>(item: Item): z.ZodType<z.output<Item>[] | null> {
  return z
    .union([z.string(), z.array(z.string())], 'must be a list')
    .optional()
    .transform((given) => [given ?? []].flat().flatMap((text) => text.split(',')))
    .transform((items) => [...new Set(items.map((text) => text.trim()).filter((text) => text !== ''))])
    .pipe(z.array(item).max(LIST_LIMIT, `has more than ${LIST_LIMIT} items`))
    .transform((items) => (items.length === 0 ? null : items))
}

export const uidList = list(uid).meta({ description: 'Uids, by comma or repeated.' })
export const textList = list(plainText).meta({ description: 'By comma or repeated.' })

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false, '1': true, '0': false }

/** true and false, in any case (Python's clients send True), or null when not given. */
export const flag = z
  .string('must be true or false, once')
  .optional()
  .transform((text, context) => {
    if (text === undefined || text === '') return null
    const value = BOOLEANS[text.trim().toLowerCase()]
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: 'must be true or false' })
    return z.NEVER
  })
  .meta({ type: 'boolean' })

/** A boolean of a body: JSON true and false; also as text, since form-minded clients send it so. */
export const bodyFlag = z
  .union([z.boolean(), z.enum(['true', 'false'])], 'must be true or false')
  .transform((value) => value === true || value === 'true')

/** How long what is rotated goes on beside its successor. */
export function overlapHours(what: string) {
  return z
    .int('must be a whole number')
    .min(0, 'must be 0 to 168')
    .max(168, 'must be 0 to 168')
    .default(24)
    .meta({ description: `So long the ${what} before stays valid.` })
}

/** Parameters that every listing has. */
export const paging = {
  after: z
    .string('must be given once')
    .optional()
    .transform((text) => (text === undefined || text === '' ? null : text.trim()))
    .pipe(uid.nullable())
    .meta({ description: 'The uid after which the page begins.' }),
  limit: z
    .string('must be given once')
    .optional()
    .transform((text) =>
      text === undefined || text === '' ? LIST_LIMIT : /^\d+$/.test(text) ? Number(text) : Number.NaN,
    )
    .pipe(z.int('must be a whole number').min(1, 'must be at least 1').max(LIST_LIMIT, `must be at most ${LIST_LIMIT}`))
    .meta({ type: 'integer', minimum: 1, maximum: LIST_LIMIT, default: LIST_LIMIT }),
}

/** `updated_after`: only what was changed then or later. To the second, so that nothing is left out; a date is UTC. */
export const updatedAfter = timeBound
  .transform((bound) => (bound === null ? null : new Date(bound('UTC') * 1000)))
  .meta({ description: 'Only what was changed then or later: ISO 8601, or YYYY-MM-DD in UTC.' })

/** Uids in a body: an array of texts or numbers, or one text with commas. */
export const bodyUids = z
  .union([z.string(), z.array(z.union([z.string(), z.int().transform(String)]))], 'must be a list of uids')
  .transform((given) => [...new Set((typeof given === 'string' ? given.split(',') : given).map((text) => text.trim()))])
  .pipe(z.array(uid).min(1, 'must not be empty').max(LIST_LIMIT, `has more than ${LIST_LIMIT} items`))

/**
 * Parses a query or a body. Unknown parameters are ignored. Throws ApiError `required_param_missing` or
 * `invalid_param`, each naming the parameter.
 */
export function parseParameters<Shape extends z.ZodType>(
  shape: Shape,
  given: Record<string, unknown>,
): z.output<Shape> {
  const parsed = shape.safeParse(given)
  if (parsed.success) return parsed.data
  const isMissing = (name: string): boolean => given[name] === undefined || given[name] === null
  const fields = parsed.error.issues.map(({ path, message }) => {
    const name = String(path[0] ?? '')
    return { field: name, message: isMissing(name) ? 'is required' : message }
  })
  const [first = { field: '', message: 'cannot be read' }] = fields
  throw isMissing(first.field) ? requiredParam(first.field, fields) : invalidParam(first.field, first.message, fields)
}
