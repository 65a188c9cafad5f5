import { eddieRules } from './eddie-rules.ts'
import { formatRules } from './format-rules.ts'
import { productRules } from './product-rules.ts'
import { strictRules } from './strict-rules.ts'
import { isRecord, recordOf, recordsOf } from './walk.ts'

/** What a rule is about: `body` is any answer as a whole. */
export type Kind =
  | 'body'
  | 'listing'
  | 'error'
  | 'action'
  | 'template'
  | 'form'
  | 'authorization'
  | 'meter'
  | 'bill'
  | 'interval'
  | 'billing_account'
  | 'billing_summary'
  | 'event'

/** Something that clients in the field rely on, and how a document breaks it. */
export type Rule = { protects: string; of: Kind; faults(document: Record<string, unknown>): string[] }

/** Every rule; stricter than the documentation, as the strictest known client is. */
export const RULES: readonly Rule[] = [...formatRules, ...strictRules, ...eddieRules, ...productRules]

/** What is wrong with one document, each fault with the rule that it breaks. */
export function faultsOf(kind: Kind, document: unknown): string[] {
  if (!isRecord(document)) return [`${kind}: no object`]
  return RULES.filter(({ of }) => of === kind).flatMap(({ protects, faults }) =>
    faults(document).map((fault) => `${protects}: ${fault}`),
  )
}

const KINDS: Readonly<Record<string, Kind>> = {
  templates: 'template',
  forms: 'form',
  authorizations: 'authorization',
  meters: 'meter',
  bills: 'bill',
  intervals: 'interval',
  events: 'event',
  billing_accounts: 'billing_account',
  billing_summaries: 'billing_summary',
}

/** What is wrong with a body that came from `address`: as a whole, and each object that is in it. */
export function bodyFaults(address: string, body: unknown): string[] {
  return documentsOf(address, body).flatMap(([kind, document]) => faultsOf(kind, document))
}

/** The objects of an answer by their kinds, the meters within authorizations too. */
export function documentsOf(address: string, body: unknown): [Kind, unknown][] {
  const [plural = '', of = ''] = new URL(address).pathname.replace(/^\/api\/v2\/(?:accounting\/)?/, '').split('/')
  const key = plural.replace('-', '_')
  const kind = KINDS[key]
  if (kind === undefined) throw new Error(`no list of this name: ${address}`)
  if (/^(?:historical-collection|ongoing-monitoring)$/.test(of))
    return [
      ['body', body],
      ['action', body],
    ]
  const listed = recordOf(body)[key]
  const isListing = of === '' && Array.isArray(listed)
  const objects = isListing ? recordsOf(listed) : [recordOf(body)]
  const nested = kind === 'authorization' ? objects.flatMap(({ meters }) => (isRecord(meters) ? [meters] : [])) : []
  return [
    ['body', body],
    ...(isListing ? pairs('listing', [body]) : []),
    ...pairs(kind, objects),
    ...pairs('listing', nested),
    ...pairs(
      'meter',
      nested.flatMap(({ meters }) => recordsOf(meters)),
    ),
  ]
}

function pairs(kind: Kind, documents: readonly unknown[]): [Kind, unknown][] {
  return documents.map((document) => [kind, document])
}
