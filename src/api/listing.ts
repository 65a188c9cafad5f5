import type { Page } from '../storage/list-page.ts'
import type { Call } from './endpoint.ts'

/** The token never goes into an address that we write: answers end up in logs. */
const NOT_CARRIED = new Set(['after', 'access_token'])

/**
 * The address of the next page, or null: absolute, on our own public address whatever the Host header said, with every
 * other parameter as it came.
 */
export function nextUrl(call: Call, path: string, last: string | undefined): string | null {
  if (last === undefined) return null
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(call.query)) {
    if (NOT_CARRIED.has(name)) continue
    for (const each of [value].flat()) if (typeof each === 'string') query.append(name, each)
  }
  query.append('after', last)
  return `${call.deps.publicUrl}${call.prefix}${path}?${query.toString()}`
}

/** A listing: `{"<plural>": […], "next": …}`. */
export function listing<Row>(
  call: Call,
  path: string,
  { rows, hasMore }: Page<Row>,
  { plural, uidOf, render }: { plural: string; uidOf: (row: Row) => string; render: (row: Row) => object },
): Record<string, unknown> {
  const last = rows.at(-1)
  return { [plural]: rows.map(render), next: nextUrl(call, path, hasMore && last ? uidOf(last) : undefined) }
}
