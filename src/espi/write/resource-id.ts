import { createHash } from 'node:crypto'

/** Our own namespace for names of resources (RFC 9562 section 6.6); it never changes, or every id would. */
const NAMESPACE = '5f0e1f6c-7c0b-4b52-9a86-0c1d2f6f3a41'

/**
 * The Atom id of a resource: a version 5 UUID of what the resource is, so that it is the same in every download, with every
 * token and on every machine. names: what tells it apart for good, such as the meter's own id; for an IntervalBlock its
 * meter reading and start, so that a block sent again has the id it had; for a ReadingType all its values.
 * Never the customer's name, address or account number. Source: RFC 9562 section 5.5; ESPI, persistent UUIDs.
 */
export function resourceId(kind: string, ...names: readonly (string | number)[]): string {
  return `urn:uuid:${uuidV5(NAMESPACE, JSON.stringify([kind, ...names]))}`
}

/** RFC 9562 section 5.5, in lower case. */
export function uuidV5(namespace: string, name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  const hex = hash.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}
