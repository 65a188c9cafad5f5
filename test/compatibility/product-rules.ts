import { isAddress, isNumber, isText, missing, notAs } from './keys.ts'
import type { Rule } from './rules.ts'
import { recordOf, recordsOf } from './walk.ts'

const TEMPLATE =
  'uid created updated user_email user_uid disabled portal base_url redirect_uris company_logo company_name company_email'
const FORM = `uid created updated template_uid authorization_uid is_archived disabled user_email user_uid url
  customer_email utility scope`
const BILL = `uid meter_uid authorization_uid created updated utility notes blocks base sources line_items suppliers tiers
  tou demand power programs`
const INTERVAL = 'uid meter_uid authorization_uid created updated notes utility blocks base sources readings'
const INTERVAL_BASE = 'service_identifier service_tariff service_address meter_numbers qualities'
const ACCOUNT = 'uid authorization_uid meter_uids notes statement_dates blocks base sources'
const SUMMARY = 'uid billing_account_uid authorization_uid meter_uids notes blocks base new_charges sources'
const SUMMARY_BASE = `amount_due amount_due_date new_balance_amount new_charges_amount previous_balance_amount
  previous_balance_unpaid previous_payment_amount statement_date`

const documented = (of: Rule['of'], keys: string): Rule => ({
  protects: `clients that read every documented key of a ${of.replace('_', ' ')}`,
  of,
  faults: (document) => missing(document, keys),
})

const firstSource = ({ sources }: Record<string, unknown>): string[] => {
  const [first] = recordsOf(sources)
  return first === undefined ? ['no source'] : [...notAs(first, 'raw_url', isAddress), ...notAs(first, 'type', isText)]
}

/** The units that come twice in one reading: their values would be added up. */
function doubled({ datapoints }: Record<string, unknown>): string[] {
  const units = recordsOf(datapoints).map(({ unit }) => String(unit))
  return [...new Set(units.filter((unit, at) => units.indexOf(unit) !== at))].map((unit) => `two datapoints in ${unit}`)
}

/** What clients do with forms, authorizations, bills, readings and accounting data. */
export const productRules: readonly Rule[] = [
  documented('template', TEMPLATE),
  documented('form', FORM),
  documented('bill', BILL),
  documented('interval', INTERVAL),
  documented('billing_account', ACCOUNT),
  documented('billing_summary', SUMMARY),
  {
    protects: 'clients that send the address of a form to a customer',
    of: 'form',
    faults: (form) => [...notAs(form, 'url', isAddress), ...notAs(form, 'customer_email utility', isText)],
  },
  {
    protects: 'a client that crashes where nobody has signed',
    of: 'authorization',
    faults: ({ customer_signature: signature }) => notAs(recordOf(signature), 'type ts full_name', isText),
  },
  {
    protects: 'a client that downloads the first source of every bill',
    of: 'bill',
    faults: firstSource,
  },
  {
    protects: 'a client that counts in cents, and multiplies the total whatever it is',
    of: 'bill',
    faults: ({ base }) => notAs(recordOf(base), 'bill_total_cost', isNumber),
  },
  {
    protects: 'clients that add up line items, of which each has a cost',
    of: 'bill',
    faults: ({ line_items: items }) => recordsOf(items).flatMap((item) => notAs(item, 'cost', isNumber)),
  },
  {
    protects: 'clients that download what an interval was read from',
    of: 'interval',
    faults: firstSource,
  },
  {
    protects: 'clients that look for the meter number and address of an interval',
    of: 'interval',
    faults: ({ base }) => [
      ...missing(recordOf(base), INTERVAL_BASE),
      ...notAs(recordOf(base), 'meter_numbers qualities', (value) => Array.isArray(value)),
    ],
  },
  {
    protects: 'Home Assistant, which adds up all datapoints of a reading',
    of: 'interval',
    faults: ({ readings }) =>
      recordsOf(readings).flatMap((reading) => [
        ...doubled(reading),
        ...recordsOf(reading['datapoints']).flatMap((point) => notAs(point, 'value', isNumber)),
      ]),
  },
  {
    protects: 'clients that read accounting by its documented keys',
    of: 'billing_summary',
    faults: ({ base, new_charges: charges }) => [
      ...missing(recordOf(base), SUMMARY_BASE),
      ...recordsOf(charges).flatMap((charge) => [...notAs(charge, 'name', isText), ...notAs(charge, 'cost', isNumber)]),
    ],
  },
  {
    protects: 'clients that find who is billed',
    of: 'billing_account',
    faults: ({ base }) => missing(recordOf(base), 'billing_contact billing_address billing_account'),
  },
]
