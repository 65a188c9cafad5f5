/**
 * The company's address to return to: the registered one that equals `asked`, compared as parsed. null: refused. Text
 * that a browser reads otherwise than it looks (backslashes, blanks, control characters, a user part, a fragment) is
 * refused before it is parsed, so that nothing of it ever becomes a redirect.
 */
export function findReturnAddress(registered: readonly string[], asked: string): string | null {
  const wanted = parseReturnAddress(asked)
  if (wanted === null) return null
  return registered.map(parseReturnAddress).find((address) => address === wanted) ?? null
}

/** The normal form of an address that may be registered: https, or http on loopback for development. Else null. */
export function parseReturnAddress(text: string): string | null {
  if (text.length > 2000 || /[\\\s\p{Cc}]/u.test(text) || !/^https?:\/\/[^/]/i.test(text)) return null
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  const loopback = url.hostname === 'localhost' || url.hostname === '127.0.0.1' || url.hostname === '[::1]'
  if (url.protocol !== 'https:' && !loopback) return null
  if (url.username !== '' || url.password !== '' || url.hash !== '' || text.includes('#')) return null
  return url.href
}

/** The redirect with its result: `referral`, `error`, `state`; parameters that are null are left out. */
export function returnWith(address: string, parameters: Record<string, string | null>): string {
  const url = new URL(address)
  for (const [name, value] of Object.entries(parameters)) if (value !== null) url.searchParams.set(name, value)
  return url.href
}
