import { isText, missing, notAs } from './keys.ts'
import type { Rule } from './rules.ts'
import { entriesOf, recordsOf } from './walk.ts'

const PLATFORM = new Set(['created', 'updated', 'ts', 'status_ts', 'declined', 'expires', 'revoked', 'next_refresh'])
const UTILITY = new Set([
  ...['start', 'end', 'bill_start_date', 'bill_end_date', 'bill_statement_date', 'statement_date', 'amount_due_date'],
  ...['statement_dates', 'bill_coverage', 'interval_coverage'],
])
const MOMENT = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}`
const PLATFORM_TIME = new RegExp(String.raw`^${MOMENT}\+00:00$`)
const UTILITY_TIME = new RegExp(String.raw`^${MOMENT}[+-]\d\d:\d\d$`)

/** A Java client keeps uids as long, JavaScript and Ruby ones as numbers. */
function isUid(value: unknown): boolean {
  return isText(value) && /^\d{1,19}$/.test(value) && value === String(Number(value))
}

/** What is in nested lists, flat; null is "not known" wherever it may stand. */
const parts = (value: unknown): unknown[] => [value].flat(2).filter((part) => part !== null)

/** A scope says for how long in presets and durations, too. */
const isOfScope = (path: readonly string[]): boolean => path.includes('scope')

function bad(body: unknown, applies: (key: string) => boolean, isGood: (value: unknown) => boolean): string[] {
  return [...entriesOf(body)].flatMap(([key, value, path]) =>
    !applies(key) || isOfScope(path)
      ? []
      : parts(value)
          .filter((part) => !isGood(part))
          .map((part) => `${path.join('.')}: ${JSON.stringify(part)}`),
  )
}

/** How values are written, wherever they stand. */
export const formatRules: readonly Rule[] = [
  {
    protects: 'clients that keep uids as numbers',
    of: 'body',
    faults: (body) => bad(body, (key) => /(?:^|_)uids?$/.test(key), isUid),
  },
  {
    protects: 'a client that parses platform times with six decimals and an offset',
    of: 'body',
    faults: (body) =>
      bad(
        body,
        (key) => PLATFORM.has(key),
        (value) => isText(value) && PLATFORM_TIME.test(value),
      ),
  },
  {
    protects: 'clients that read the time at the utility from its offset',
    of: 'body',
    faults: (body) =>
      bad(
        body,
        (key) => UTILITY.has(key),
        (value) => isText(value) && UTILITY_TIME.test(value),
      ),
  },
  {
    protects: 'clients whose notes have a message and a time',
    of: 'body',
    faults: (body) =>
      [...entriesOf(body)].flatMap(([key, value]) =>
        key === 'notes' ? recordsOf(value).flatMap((note) => notAs(note, 'type msg ts', isText)) : [],
      ),
  },
  {
    protects: 'clients that follow next until it is null',
    of: 'listing',
    faults: (listing) =>
      'next' in listing ? (listing['next'] === null ? [] : notAs(listing, 'next', isText)) : ['no next'],
  },
  {
    protects: 'clients that tell errors apart by their type',
    of: 'error',
    faults: (error) => [
      ...missing(error, 'error error_description url'),
      ...notAs(error, 'error error_description', (value) => isText(value) && value !== ''),
      ...notAs(error, 'url', (value) => value === null || isText(value)),
    ],
  },
  {
    protects: 'clients that compare the meters they asked for with those that were taken',
    of: 'action',
    faults: (action) => [
      ...notAs(action, 'success', (value) => value === true),
      ...notAs(action, 'meters', (value) => Array.isArray(value) && value.length > 0 && value.every(isUid)),
    ],
  },
]
