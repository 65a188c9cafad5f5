import { hash } from '../world/random.ts'

/** Placeholder host of the links in SCE's files: they are keys, nothing answers there. */
export const linkBase = 'https://services.greenbuttondata.org/DataCustodian/espi/1_1/resource'

/** The third party's number in the feed's own links. */
export const feedNumber = 1161

/** Local-looking time without zone, as the files carry it; it is UTC. */
export const stamp = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19)

export const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** Upper-case UUID in version-1 layout, the same whenever the same file is rendered again. */
export const idOf = (file: string, n: number): string => {
  const hex = (salt: number): string => hash(file, n, salt).toString(16).toUpperCase().padStart(8, '0')
  return `${hex(1)}-${hex(2).slice(0, 4)}-11E6-${(0x8000 + (hash(file, n, 3) % 0x4000)).toString(16).toUpperCase()}-${hex(4)}${hex(5).slice(0, 4)}`
}

/** Entries in the style of the usage files: `rel = "x"  href = "y" `, content before updated and published. */
export type Writer = {
  entry(options: {
    id?: string
    urn?: boolean
    links: readonly (readonly [string, string])[]
    title: string
    content: string
  }): string
}

export const link = (rel: string, path: string): string =>
  `    <link rel = "${rel}"  href = "${linkBase}/${path}" ></link>\n`

export const createWriter = (file: string, at: number): Writer => {
  let count = 0
  return {
    entry({ id, urn, links, title, content }) {
      count++
      const time = stamp(at)
      return (
        `  <entry><id>${urn ? 'urn:uuid:' : ''}${id ?? idOf(file, count)}</id>\n` +
        links.map(([rel, path]) => link(rel, path)).join('') +
        `    <title>${title}</title>\n    <content>${content}\n    </content>\n` +
        `    <updated>${time}</updated>\n    <published>${time}</published>\n  </entry>\n`
      )
    },
  }
}

export const usageHead = (file: string, at: number): string =>
  '<?xml version="1.0" encoding = "UTF-8" ?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:espi="http://naesb.org/espi" xsi:schemaLocation="http://naesb.org/espi espiDerived.xsd" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n' +
  `  <id>urn:uuid:${idOf(file, 0)}</id>\n  <link rel = "self"  href = "${linkBase}/RetailCustomer/${feedNumber}" ></link>\n` +
  `  <title>Green Button Subscription Feed</title>\n  <updated>${stamp(at)}</updated>\n`

export const usageEnd = '</feed>\n'
