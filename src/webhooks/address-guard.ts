import { lookup as resolve } from 'node:dns'
import type { LookupFunction } from 'node:net'

import ipaddr from 'ipaddr.js'

/** Why an endpoint's address is refused; the sentence is for the company that gave it. */
export class AddressRefused extends Error {
  readonly code: 'bad_address' | 'not_public' | 'not_resolved'

  constructor(code: AddressRefused['code'], message: string) {
    super(message)
    this.name = 'AddressRefused'
    this.code = code
  }
}

/** Networks that the operator allows beside the public ones, as CIDR (`10.20.0.0/16`); there http and any port are allowed too. */
export type AllowedNetworks = readonly string[]

/** Resolves a name to all its addresses; the default is the system's resolver. */
export type Resolve = (host: string) => Promise<string[]>

const PORTS = new Set(['', '443', '8443'])
const LENGTH_LIMIT = 2048
/** Names that never lie on the public internet, whatever a resolver says. */
const PRIVATE_NAMES = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|arpa|test|invalid|onion)$/

/**
 * The address of a company's endpoint, parsed, when it may be one: https on 443 or 8443, a full name, no user, no fragment.
 * A number in any spelling is judged as the address that it stands for. Where it leads is checked again at each connect.
 * Throws AddressRefused `bad_address` | `not_public`.
 */
export function checkEndpoint(text: string, allowed: AllowedNetworks = []): URL {
  const refuse = (why: string): AddressRefused => new AddressRefused('bad_address', why)
  if (text.length > LENGTH_LIMIT) throw refuse(`The address is longer than ${LENGTH_LIMIT} characters.`)
  // oxlint-disable-next-line no-control-regex -- just those are refused: a parser would drop some of them in silence
  if (/[\u0000-\u0020\u007f\\]/.test(text)) throw refuse('The address has a blank, a control character or a backslash.')
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null) throw refuse('This is no address. Give one such as https://example.com/webhooks.')
  if (url.username !== '' || url.password !== '') throw refuse('The address must not hold a user or password.')
  if (url.hash !== '') throw refuse('The address must not have a fragment (#…).')
  const literal = literalOf(url.hostname)
  if (literal !== null && isWithin(literal, allowed) && /^https?:$/.test(url.protocol)) return url
  if (url.protocol !== 'https:') throw refuse('The address must begin with https://.')
  if (!PORTS.has(url.port)) throw refuse('Only ports 443 and 8443 are allowed.')
  if (literal !== null) {
    if (!isPublic(literal)) throw notPublic()
    return url
  }
  const name = url.hostname.replace(/\.$/, '')
  if (!name.includes('.') || PRIVATE_NAMES.test(name)) throw notPublic()
  return url
}

const notPublic = (): AddressRefused =>
  new AddressRefused('not_public', 'The address does not lead to the public internet.')

/** The IP address that a URL's host is, or null for a name. URLs come with numbers in their plain spelling. */
function literalOf(host: string): string | null {
  const bare = host.replace(/^\[|\]$/g, '')
  return ipaddr.isValid(bare) && (bare.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(bare)) ? bare : null
}

/** Parts of the public ranges that lead back into private ones, or nowhere. Sources: IANA special-purpose registries. */
const NOT_PUBLIC = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '192.88.99.0/24']

/** True when every router of the public internet would deliver to this address. */
export function isPublic(address: string): boolean {
  const plain = address.replace(/%.*$/, '')
  if (!ipaddr.isValid(plain) || plain !== address) return false
  const ip = ipaddr.parse(plain)
  if (ip.range() !== 'unicast' || isWithin(plain, NOT_PUBLIC)) return false
  return ip.kind() === 'ipv4' || isWithin(plain, ['2000::/3'])
}

function isWithin(address: string, networks: AllowedNetworks): boolean {
  const ip = ipaddr.parse(address)
  return networks.some((network) => {
    const [range, bits] = ipaddr.parseCIDR(network)
    return range.kind() === ip.kind() && ip.match([range, bits])
  })
}

/**
 * The addresses of an endpoint, when all of them may be connected to. Throws AddressRefused `not_resolved` | `not_public`:
 * one private address among public ones is enough.
 */
export async function resolveEndpoint(url: URL, allowed: AllowedNetworks, lookup: Resolve): Promise<string[]> {
  const addresses = [literalOf(url.hostname)].filter((one) => one !== null)
  if (addresses.length === 0) addresses.push(...(await lookup(url.hostname)))
  if (addresses.length === 0) throw new AddressRefused('not_resolved', `There is no server called ${url.hostname}.`)
  if (!addresses.every((address) => isPublic(address) || (ipaddr.isValid(address) && isWithin(address, allowed)))) {
    throw notPublic()
  }
  return addresses
}

/**
 * A lookup for sockets: the address that is connected to is the one that was checked, so a name that changes its mind
 * between check and connect gains nothing. (A literal address is never looked up: resolveEndpoint judges it before.)
 */
export function guardedLookup(allowed: AllowedNetworks, lookup: Resolve): LookupFunction {
  const judge = async (hostname: string): Promise<string[] | Error> => {
    try {
      return await resolveEndpoint(new URL(`https://${hostname}`), allowed, lookup)
    } catch (error) {
      return error instanceof Error ? error : new Error('the name was not resolved', { cause: error })
    }
  }
  return (hostname, options, done) => {
    void (async () => {
      const found = await judge(hostname)
      const all = found instanceof Error ? [] : found.map((address) => ({ address, family: familyOf(address) }))
      const [first] = all
      if (found instanceof Error) done(found, '', 4)
      else if (options.all) done(null, all)
      else done(null, first?.address ?? '', first?.family ?? 4)
    })()
  }
}

const familyOf = (address: string): 4 | 6 => (address.includes(':') ? 6 : 4)

/** The system's resolver: all addresses, none where there is no such name. */
export const systemResolve: Resolve = async (host) =>
  await new Promise((done) => {
    resolve(host, { all: true, verbatim: true }, (error, found) => {
      done(error ? [] : found.map(({ address }) => address))
    })
  })

/** The networks of a setting, separated by commas or blanks. */
export function readNetworks(text: string): AllowedNetworks {
  return text.split(/[\s,]+/).filter((part) => part !== '')
}

export function areNetworks(text: string): boolean {
  return readNetworks(text).every((network) => ipaddr.isValidCIDR(network))
}
