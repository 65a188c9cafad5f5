import { createHash } from 'node:crypto'

/** Clean Atom and ESPI 4.0: permanent version-5 ids, Zulu times, typed links, content after the dates. */
export const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

export const instant = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')

export const element = (name: string, value: string | number): string => `<${name}>${value}</${name}>`

/** `urn:uuid:` of version 5 for the self link of a resource. */
export const urn = (self: string): string => {
  const bytes = createHash('sha1')
    .update('6ba7b8119dad11d180b400c04fd430c8', 'hex')
    .update(self)
    .digest()
    .subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export type Entry = {
  kind: string
  /** `espi` for usage, `cust` for customer data. */
  family?: 'espi' | 'cust'
  self: string
  up: string
  related?: readonly (readonly [string, string])[]
  title: string
  at: number
  content: string
}

const namespaces = { espi: 'http://naesb.org/espi', cust: 'http://naesb.org/espi/customer' }

export const entryOf = (entry: Entry): string => {
  const family = entry.family ?? 'espi'
  const link = (rel: string, href: string, type: string): string =>
    `<link rel="${rel}" href="${escape(href)}" type="${type}"/>`
  return (
    `<entry><id>${urn(entry.self)}</id>` +
    link('self', entry.self, `${family}-entry/${entry.kind}`) +
    link('up', entry.up, `${family}-feed/${entry.kind}`) +
    (entry.related ?? []).map(([href, type]) => link('related', href, type)).join('') +
    `<title>${escape(entry.title)}</title><published>${instant(entry.at)}</published><updated>${instant(entry.at)}</updated>` +
    `<content type="application/xml"><${entry.kind} xmlns="${namespaces[family]}">${entry.content}</${entry.kind}></content></entry>\n`
  )
}

export const feedStart = (title: string, self: string, at: number): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><id>${urn(self)}</id><title>${title}</title><updated>${instant(at)}</updated><link rel="self" href="${escape(self)}"/>\n`

export const feedEnd = '</feed>\n'
