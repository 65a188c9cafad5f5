import type { Content, ContentKind } from '../entry.ts'
import type { WrittenEntry } from './write-feed.ts'

/** What an entry is besides its content and place. */
export type About = Pick<WrittenEntry, 'title' | 'published' | 'updated'>

/**
 * An entry in its place in the tree, by the rules that tie it together: `self` is `up` and the id, `up` is the collection of
 * its kind below the parent, and the parent has that collection among its related links.
 *
 * parent: the address of the parent, without a slash at its end. That is the base (`…/espi/1_1/resource`) for
 * LocalTimeParameters, ReadingType, ApplicationInformation and Authorization; `{base}/Subscription/{id}` for UsagePoint;
 * `{base}/RetailCustomer/{id}` for Customer; `entry.self` for what hangs below an entry.
 * holds: kinds of the collections below it · sees: addresses of what it points to (the LocalTimeParameters of a UsagePoint, the
 * ReadingType of a MeterReading). Source: ESPI (NAESB REQ.21), Atom links.
 */
export function entryBelow({ parent, id, holds = [], sees = [] }: Place, content: Content, about: About): WrittenEntry {
  const up = `${parent}/${content.kind}`
  const self = `${up}/${encodeURIComponent(id)}`
  const related = [...holds.map((kind) => `${self}/${kind}`), ...sees]
  return { id: null, self, up, related, content, ...about }
}

export type Place = {
  parent: string
  id: string
  holds?: readonly ContentKind[]
  sees?: readonly string[]
}
