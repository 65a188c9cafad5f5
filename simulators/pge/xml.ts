import { randomUUID } from 'node:crypto'

/**
 * PG&E's bytes: `ns1` is Atom, `ns0` is ESPI, both declared again and again, xsi:type on what is inside an entry.
 * Batch answers declare prefixes before xsi:type and spread; single resources put xsi:type first and stay compact.
 */
export type Style = 'batch' | 'resource'

const atom = 'xmlns:ns1="http://www.w3.org/2005/Atom"'
const espi = 'xmlns:ns0="http://naesb.org/espi"'
const instance = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

export const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** Milliseconds with the zeros at their end cut off, as Java prints them: 2019-12-09T14:16:19.4Z. */
export const instant = (ms: number): string =>
  new Date(ms)
    .toISOString()
    .replace(/(\.\d*?)0+Z$/, '$1Z')
    .replace('.Z', 'Z')

const typed = (style: Style, name: string): string =>
  style === 'batch' ? `${instance} xsi:type="ns1:${name}"` : `xsi:type="ns1:${name}" ${instance}`

export type Links = { up?: string; self: string; related?: readonly string[] }

/** One Atom entry. Ids are bare UUIDs, new in every answer; published and updated are the time of the answer. */
export const entry = (style: Style, options: { links: Links; title?: string; content: string; ms: number }): string => {
  const { links, title, content, ms } = options
  const link = (href: string, rel: string): string =>
    `<ns1:link href="${escape(href)}" rel="${rel}" ${typed(style, 'linkType')}/>`
  const all = [
    ...(links.up === undefined ? [] : [link(links.up, 'up')]),
    link(links.self, 'self'),
    ...(links.related ?? []).map((href) => link(href, 'related')),
  ]
  return [
    `<ns1:entry ${atom}><ns1:id ${typed(style, 'idType')}>${randomUUID()}</ns1:id>`,
    ...all,
    title === undefined ? '' : `<ns1:title type="text" ${typed(style, 'textType')}>${escape(title)}</ns1:title>`,
    `<ns1:published ${typed(style, 'dateTimeType')}>${instant(ms)}</ns1:published>`,
    `<ns1:updated ${typed(style, 'dateTimeType')}>${instant(ms + 1)}</ns1:updated>`,
    `<ns1:content ${typed(style, 'contentType')}>${content}</ns1:content></ns1:entry>`,
  ].join('')
}

/** Head of a feed; the caller appends entries and `feedEnd`. */
export const feedStart = (style: Style, options: { title: string; self: string; ms: number }): string => {
  const kind = (name: string): string => (style === 'batch' ? atom : typed(style, name))
  const title =
    style === 'batch' ? `<ns1:title ${atom} type="text">` : `<ns1:title type="text" ${typed(style, 'textType')}>`
  return [
    style === 'batch' ? `<ns1:feed ${espi} ${atom}>` : `<ns1:feed ${atom}>`,
    `<ns1:id ${kind('idType')}>${randomUUID()}</ns1:id>${title}${options.title}</ns1:title>`,
    `<ns1:updated ${kind('dateTimeType')}>${instant(options.ms)}</ns1:updated>`,
    style === 'batch'
      ? `<ns1:link ${atom} href="${escape(options.self)}" rel="self"/>\n\t`
      : `<ns1:link href="${escape(options.self)}" rel="self" ${typed(style, 'linkType')}/>`,
  ].join('')
}

/** In a feed of single resources the entries declare no prefix of their own. */
export const nested = (entryText: string): string => entryText.replace(`<ns1:entry ${atom}>`, '<ns1:entry>')

export const feedEnd = '</ns1:feed>'

/** An ESPI element with its namespace declared on it. */
export const root = (name: string, content: string): string => `<ns0:${name} ${espi}>${content}</ns0:${name}>`

export const element = (name: string, content: string | number): string => `<ns0:${name}>${content}</ns0:${name}>`

/** A value typed by XML Schema, both prefixes declared on the element. */
export const typedValue = (name: string, type: 'int' | 'string', value: string | number): string =>
  `<ns0:${name} xmlns:xsd="http://www.w3.org/2001/XMLSchema" ${instance} xsi:type="xsd:${type}">${escape(String(value))}</ns0:${name}>`

/** The same inside a single resource, where the content element has declared xsi already. */
export const typedInScope = (name: string, value: string): string =>
  `<ns0:${name} xsi:type="xsd:string" xmlns:xsd="http://www.w3.org/2001/XMLSchema">${escape(value)}</ns0:${name}>`
