import { createHash } from 'node:crypto'

/** RFC 9562 section 6.6: names that are addresses. */
const URL_NAMESPACE = '6ba7b811-9dad-11d1-80b4-00c04fd430c8'

/**
 * The Atom id of the resource at an address: a version 5 UUID, the same in every download and on every machine. The
 * subscription in the address does not count: the same usage point keeps its id when its customer authorizes anew. For an
 * IntervalBlock whose address ends in its start, a block sent again has the id it had.
 * Source: RFC 9562 section 5.5; ESPI, persistent UUIDs.
 */
export function resourceId(self: string): string {
  return `urn:uuid:${uuidV5(URL_NAMESPACE, self.replace(/\/Subscription\/[^/]+(?=\/UsagePoint(?:\/|$))/, ''))}`
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
