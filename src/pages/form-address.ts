import type { FormAddress, Language } from '../authorization/customer-path.ts'

/** A form's address as the browser asked for it, and the utility that the link suggests for `/authorize/…`. */
export type AskedForm = { address: FormAddress; suggestedUtility: string | null }

const NAMES = ['f', 'email', 'redirect_uri', 'state', 'noredirect', 'utility'] as const
const LONGEST = 2048

/**
 * Reads the query of a form's link (`f`, `email`, `redirect_uri`, `state`, `noredirect`, `utility`). Null when a name is
 * given twice or a value is too long: then it is not clear what was meant, and guessing would favor an attacker.
 */
export function readFormAddress(
  place: { alias: string; utilitySlug: string | null },
  query: URLSearchParams,
  language: Language,
): AskedForm | null {
  if (NAMES.some((name) => query.getAll(name).length > 1 || (query.get(name) ?? '').length > LONGEST)) return null
  const get = (name: (typeof NAMES)[number]): string | null => query.get(name) || null
  return {
    suggestedUtility: get('utility'),
    address: {
      ...place,
      key: get('f'),
      email: get('email'),
      redirectUri: get('redirect_uri'),
      state: get('state'),
      noRedirect: get('noredirect') !== null && get('noredirect') !== '0',
      language,
    },
  }
}

/** The address that leads to the same form again, without the language. */
export function formUrl({ address, suggestedUtility }: AskedForm): string {
  const query = new URLSearchParams()
  if (address.key !== null) query.set('f', address.key)
  if (address.email !== null) query.set('email', address.email)
  if (suggestedUtility !== null) query.set('utility', suggestedUtility)
  if (address.redirectUri !== null) query.set('redirect_uri', address.redirectUri)
  if (address.state !== null) query.set('state', address.state)
  if (address.noRedirect) query.set('noredirect', '1')
  const path = formPath(address.utilitySlug, address.alias)
  return query.size === 0 ? path : `${path}?${query.toString()}`
}

export function formPath(utilitySlug: string | null, alias: string): string {
  if (utilitySlug === null) return `/authorize/${encodeURIComponent(alias)}`
  return `/${encodeURIComponent(utilitySlug)}/gb-oauth/${encodeURIComponent(alias)}`
}
