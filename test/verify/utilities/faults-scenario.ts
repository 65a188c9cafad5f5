import type { UtilitySlug } from '../../running-app.ts'

/** How a fault ends; `unharmed`: it is no fault to us, everything is there at once. */
export const ENDS = ['retry', 'wait', 're-authorize', 'stop', 'operator alarm', 'unharmed'] as const
export type End = (typeof ENDS)[number]

type PlaceRule = {
  on: 'connection' | 'token' | 'resource' | 'authorize' | 'notification'
  /** A part of the addresses that the fault meets. */
  match?: string
  /** The fault is there while the customer is still on the way; otherwise from the last click on. */
  onTheWay?: true
  /** The fault is there when the customer, whose data are had, has ended the grant at the utility. */
  atRevocation?: true
  /** Tokens that are over as soon as they are given, so that every request needs a new one. */
  shortTokens?: true
}

/** Where in the conversation with a utility a fault is met. */
export const PLACES = {
  authorize: { on: 'authorize', onTheWay: true },
  'way back': { on: 'authorize', match: 'submit', onTheWay: true },
  'code exchange': { on: 'token', onTheWay: true },
  'grant check': { on: 'resource', match: 'Authorization/', onTheWay: true },
  connection: { on: 'connection' },
  'token refresh': { on: 'token', shortTokens: true },
  'client token': { on: 'token', shortTokens: true },
  'usage points': { on: 'resource', match: '/UsagePoint' },
  usage: { on: 'resource', match: 'Batch/Subscription' },
  bills: { on: 'resource', match: 'UsageSummary' },
  customer: { on: 'resource', match: 'Batch/RetailCustomer' },
  'bulk request': { on: 'resource', match: 'Batch/Bulk' },
  file: { on: 'resource', match: '.XML' },
  notification: { on: 'notification' },
  'authorization status': { on: 'resource', match: 'Authorization/', atRevocation: true },
} as const satisfies Record<string, PlaceRule>
export type Place = keyof typeof PLACES

export const placeOf = (place: Place): PlaceRule => PLACES[place]

/**
 * A fault of the simulators (`simulators/kit/faults`), where it is met, for how long, and the state it has to end in.
 * code: what the operator reads of it in `gbp status`, the log or the audit; `next_refresh`: nothing, the next day's
 * refresh brings what is missing. lasts: how often it is met; `mended`: until the utility is mended, `ever`: until we
 * have given up.
 */
export type Scenario = {
  utility: UtilitySlug
  place: Place
  mode: string
  end: End
  code: string | null
  lasts: number | 'mended' | 'ever'
  more: Record<string, unknown>
}

/** `list`: "mode" or "mode code". Where nothing is said, alarms and stops last until mended, everything else once. */
export function rows(
  [utility, place, end]: [UtilitySlug, Place, End],
  list: readonly string[],
  lasts?: Scenario['lasts'],
): Scenario[] {
  const usual = end === 'operator alarm' || end === 'stop' ? 'mended' : 1
  return list.map((text) => {
    const [mode = '', code = null] = text.split(' ')
    return { ...{ utility, place, mode, end, code }, lasts: lasts ?? usual, more: MORE[mode] ?? {} }
  })
}

/** Smaller and quicker than the modes are by themselves. */
const MORE: Record<string, Record<string, unknown>> = {
  drip: { delayMs: 1 },
  'narrow-band': { delayMs: 1 },
  'slow-handshake': { delayMs: 100 },
  'http-429-seconds': { seconds: 120 },
  'http-429-date': { seconds: 120 },
  'http-503-retry-after': { seconds: 120 },
  'gzip-bomb': { bytes: 20_000_000 },
  'endless-body': { bytes: 20_000_000 },
  'huge-text': { bytes: 2_000_000 },
  'huge-body': { bytes: 1_000_000 },
}

export function nameOf({ mode, place, lasts, end, code }: Scenario): string {
  const times =
    lasts === 1
      ? ''
      : typeof lasts === 'number'
        ? `, ${lasts} times`
        : `, ${lasts === 'ever' ? 'for ever' : 'until mended'}`
  return `${mode} at ${place}${times}: ${end}${code === null ? '' : ` (${code})`}`
}
