/**
 * An address without what utilities change from one link to the next: scheme and host, everything up to `/resource/`, double
 * and trailing slashes, case. For comparing only; addresses are fetched as they were given.
 */
export function comparable(href: string): string {
  const path = href.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '')
  const resource = path.toLowerCase().lastIndexOf('/resource/')
  const rest = resource < 0 ? path : path.slice(resource + '/resource/'.length)
  return rest
    .replace(/\/{2,}/g, '/')
    .replace(/^\/|\/$/g, '')
    .toLowerCase()
}

/** The path segment after `name`, as given: `…/UsagePoint/0123456789/…` holds '0123456789' after 'UsagePoint'. */
export function segmentAfter(href: string | null, name: string): string | null {
  if (href?.includes(name) !== true) return null // asked of each entry, for names that few have
  const parts = href.split(/[?#]/, 1)[0]?.split('/') ?? []
  const at = parts.lastIndexOf(name)
  const next = at < 0 ? undefined : parts[at + 1]
  return next === undefined || next === '' ? null : next
}

/** The last path segment that is not empty. */
export function lastSegment(href: string | null): string | null {
  if (href === null) return null
  const parts = href.split(/[?#]/, 1)[0]?.split('/') ?? []
  return parts.findLast((part) => part !== '') ?? null
}
