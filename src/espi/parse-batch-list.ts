import { FeedRejected } from './errors.ts'
import { parseBytes } from './parse.ts'
import type { Wire } from './resources.ts'

/** A notification is a list of addresses; the largest seen holds four. */
export const MAX_NOTIFICATION_BYTES = 262_144

/**
 * The addresses that a notification names (ESPI BatchList), in order, without repeats. They are hints and nothing more: the
 * caller checks each against the utility's profile before it asks anything.
 *
 * Takes what utilities send: a bare BatchList, one inside an Atom feed, several documents in one body, blanks and a literal
 * `\n` around addresses or between documents.
 * Throws FeedRejected; `too_large` above 256 KiB, `not_green_button` when there is no BatchList.
 */
export function parseBatchList(bytes: Uint8Array): string[] {
  if (bytes.length > MAX_NOTIFICATION_BYTES)
    throw new FeedRejected(
      'too_large',
      MAX_NOTIFICATION_BYTES,
      'The notification is larger than 256 KiB. Ask the utility to send shorter ones.',
    )
  const addresses = new Set<string>()
  let found = false
  for (const { content } of parseBytes(bytes).entries) {
    if (content?.kind !== 'BatchList') continue
    found = true
    for (const address of content.value.resources) {
      const clean = address.replace(/^(?:\s|\\n)+|(?:\s|\\n)+$/g, '')
      if (clean !== '') addresses.add(clean)
    }
  }
  if (!found)
    throw new FeedRejected('not_green_button', 0, 'The notification holds no BatchList. Ask the utility for one.')
  return [...addresses]
}

/** An Authorization with the address it stands at. */
export type ParsedAuthorization = { self: string | null; value: Wire<'Authorization'> }

/**
 * The Authorizations of a body (one entry or a feed), as on the wire.
 * Throws FeedRejected; `not_green_button` when there is none.
 */
export function parseAuthorization(bytes: Uint8Array): ParsedAuthorization[] {
  const found = parseBytes(bytes).entries.flatMap(({ self, content }) =>
    content?.kind === 'Authorization' ? [{ self, value: content.value }] : [],
  )
  if (found.length === 0)
    throw new FeedRejected('not_green_button', 0, 'The body holds no Authorization. Ask the utility for one.')
  return found
}

/** The service's status: 1 available, 0 not. Throws FeedRejected when the body has none. */
export function parseServiceStatus(bytes: Uint8Array): number {
  for (const { content } of parseBytes(bytes).entries) {
    if (content?.kind === 'ServiceStatus' && content.value.currentStatus !== null) return content.value.currentStatus
  }
  throw new FeedRejected('not_green_button', 0, 'The body holds no ServiceStatus. Ask the utility for one.')
}
