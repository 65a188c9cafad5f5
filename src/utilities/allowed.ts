import type { Addresses } from './contract.ts'

/** Query parameters of ESPI and of the utilities' retrieval addresses; any other makes an address unknown. */
const PARAMETERS = new Set([
  'published-min',
  'published-max',
  'updated-min',
  'updated-max',
  'publishedmin',
  'publishedmax',
  'updatedmin',
  'updatedmax',
  'correlationid',
  'start-index',
  'max-results',
  'depth',
])
const MAX_LENGTH = 2048

/**
 * The address, parsed, when it lies on the origin and below the path of the utility's resources; else null. Compared as
 * parsed, never as text; no user part, no fragment, no climbing out of the path, known query parameters only.
 */
export function allowedResource(addresses: Addresses, text: string): URL | null {
  if (text.length > MAX_LENGTH || !URL.canParse(text)) return null
  const url = new URL(text)
  const base = new URL(addresses.resourceBase)
  if (url.origin !== base.origin || url.username !== '' || url.password !== '' || url.hash !== '') return null
  const prefix = base.pathname.replace(/\/+$/, '')
  if (!url.pathname.startsWith(`${prefix}/`)) return null
  if (climbs(url.pathname)) return null
  const known = [...url.searchParams.keys()].every((name) => PARAMETERS.has(name.toLowerCase()))
  return known ? url : null
}

/** URL removes plain dot segments itself; what is left are those whose slashes were percent-encoded. */
function climbs(pathname: string): boolean {
  try {
    return decodeURIComponent(pathname)
      .split(/[/\\]/)
      .some((part) => part === '..' || part === '.')
  } catch {
    return true
  }
}
