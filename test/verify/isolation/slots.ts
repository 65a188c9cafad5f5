import type { Json, OpenApi, Operation } from '../../../src/api/open-api.ts'
import type { Objects } from '../../api-samples.ts'

/** A place of an operation where a client writes the uid of something. */
export type Slot = { place: 'path' | 'query' | 'body'; name: string; isList: boolean }

export type Case = { method: string; path: string; operation: Operation; slots: Slot[] }

/** Query parameters and fields of bodies that name an object. */
const UIDS = new Set(
  `uids accounts authorizations forms templates users meters billing_accounts referrals after template_uid authorization_uid
   event_uid user_uid`.split(/\s+/),
)

/** Those that do not. What is in neither list fails the suite: somebody has to say which it is. */
const OTHERS = new Set(
  `limit include expand_meter_blocks disabled is_archived is_declined is_test is_revoked is_expired is_activated is_monitored
   is_delivered utility start end order updated_after format by customer_email scope nickname collection_duration frequency
   fixed_refresh_day url description event_types state overlap_hours since until edition
   name scopes expires email role external_id metadata portal
   company_name company_email company_logo purpose data_classes history_months default_months max_months auto_collect
   monitoring redirect_uris terms_url privacy_url scenario notify_uri`.split(/\s+/),
)

/** Every operation of a document with its slots, and the names that nobody sorted. */
export function casesOf({ paths }: OpenApi): { cases: Case[]; unsorted: string[] } {
  const unsorted: string[] = []
  const cases = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([name, operation]) => {
      const method = name.toUpperCase()
      const slots = slotsOf(operation).filter((slot) => {
        if (slot.place === 'path' || UIDS.has(slot.name)) return true
        if (!OTHERS.has(slot.name)) unsorted.push(`${method} ${path}: ${slot.name}`)
        return false
      })
      return { method, path: path.replaceAll(/\{(\w+)\}/g, ':$1'), operation, slots }
    }),
  )
  return { cases, unsorted }
}

function slotsOf({ parameters, requestBody }: Operation): Slot[] {
  const asked = parameters.flatMap((parameter): Slot[] => {
    const { in: place, name, schema } = parameter
    return place === 'header' ? [] : [{ place, name, isList: schema['type'] === 'array' }]
  })
  const properties = requestBody?.content['application/json']?.schema['properties']
  const fields = Object.keys(isRecord(properties) ? properties : {})
  return [...asked, ...fields.map((name): Slot => ({ place: 'body', name, isList: name === 'meters' }))]
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null
}

/** A uid that nobody has, of the length and kind of another, and on the same side of everything that the caller has. */
export function unknownLike(uid: string): string {
  const number = BigInt(uid)
  if (number < 10_000n) return String(number + 5000n)
  return String(number < 2n ** 20n ? number + 500_000n : number + 500_000n * 2n ** 20n)
}

/** Foreign uids for a slot: of its own kind first. */
export function foreignFor({ name }: Slot, objects: Objects, count: number): string[] {
  const stem = name.replace(/s?$|_uid$/, '')
  const kinds = Object.entries(objects).toSorted(([a], [b]) => Number(b.startsWith(stem)) - Number(a.startsWith(stem)))
  return kinds.map(([, uid]) => uid).slice(0, count)
}
