import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'

import { describe, expect, it } from 'vitest'

import { inspectBody, type InspectReport } from '../../src/cli/inspect-report.ts'
import { openFile } from '../../src/cli/open-file.ts'

/** The same feed in other words: every way of writing it down that utilities use gives the same report. */
const root = path.resolve(import.meta.dirname, '../../src/utilities')
const fixtures = ['pge', 'sce'].flatMap((slug) => {
  const folder = path.join(root, slug, 'fixtures')
  const names = readdirSync(folder).filter((name) => name.endsWith('.xml'))
  return names.map((name) => [`${slug}/${name}`, readFileSync(path.join(folder, name), 'utf8')] as const)
})

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const withoutDeclaration = (text: string): string => text.replace(/^\uFEFF?<\?xml[^>]*\?>\s*/, '')
const entriesOf = (text: string): string[] => text.match(/<((?:\w+:)?entry)[\s>][\s\S]*?<\/\1>/g) ?? []

/** The entries put in another order, in place. */
function reorder(text: string, order: (entries: string[]) => string[]): string {
  const entries = entriesOf(text)
  const first = text.indexOf(entries[0] ?? '')
  const rest = entries.reduce((left, entry) => left.replace(entry, ''), text)
  return rest.slice(0, first) + order(entries).join('\n') + rest.slice(first)
}

/** Every element with a prefix of its own: Atom as `a:`, by what the elements are bound to now. */
function prefixed(text: string): string {
  const atom = /^(?:feed|entry|id|title|updated|published|link|content|author|name|rights|subtitle|summary)$/
  return text
    .replaceAll(/xmlns="http:\/\/www\.w3\.org\/2005\/Atom"/g, '$& xmlns:a="http://www.w3.org/2005/Atom"')
    .replaceAll(/<(\/?)([A-Za-z_]+)(?=[\s/>])/g, (all: string, slash: string, name: string) =>
      atom.test(name) && name !== 'name' ? `<${slash}a:${name}` : all,
    )
}

const VARIANTS: [string, (text: string) => Uint8Array][] = [
  ['UTF-8 with a byte order mark', (text) => utf8(`\uFEFF${text.replace(/^\uFEFF/, '')}`)],
  ['UTF-16, little end first', (text) => new Uint8Array(Buffer.from(`\uFEFF${withoutDeclaration(text)}`, 'utf16le'))],
  [
    'UTF-16, big end first',
    (text) => new Uint8Array(Buffer.from(`\uFEFF${withoutDeclaration(text)}`, 'utf16le').swap16()),
  ],
  ['no declaration', (text) => utf8(withoutDeclaration(text))],
  ['carriage returns', (text) => utf8(text.replaceAll('\n', '\r\n'))],
  ['no line breaks', (text) => utf8(text.replaceAll(/>\s+</g, '><'))],
  ['other quotes', (text) => utf8(text.replaceAll(/="([^"']*)"/g, "='$1'"))],
  ['a prefix on Atom', (text) => utf8(prefixed(text))],
  ['entries from last to first', (text) => utf8(reorder(text, (entries) => entries.toReversed()))],
  [
    'links from last to first',
    (text) =>
      utf8(
        entriesOf(text).reduce((now, entry) => {
          const links = entry.match(/<(?:\w+:)?link\b[^>]*\/>/g) ?? []
          const reversed = links.toReversed()
          let at = 0
          return now.replace(entry, () => entry.replaceAll(/<(?:\w+:)?link\b[^>]*\/>/g, () => reversed[at++] ?? ''))
        }, text),
      ),
  ],
  [
    'each entry in a feed of its own, one after another',
    (text) => {
      const head = text.slice(0, text.indexOf(entriesOf(text)[0] ?? ''))
      const [open = '', name = ''] = /<((?:\w+:)?feed)\b[^>]*>/.exec(head) ?? []
      return utf8(
        entriesOf(text)
          .map((entry) => `<?xml version="1.0"?>\n${open}${entry}</${name}>`)
          .join('\n'),
      )
    },
  ],
]

async function reportOf(source: AsyncIterable<Uint8Array> | Uint8Array): Promise<InspectReport> {
  const { report } = await inspectBody('feed', source)
  const order = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
  return { ...report, series: report.series.sort(order), bills: report.bills.sort(order) }
}

/** Of two reading types with one address the first is used, which is told; what follows from it depends on their order. */
function checks({ warnings }: InspectReport): InspectReport['warnings'] {
  const ambiguous = warnings.filter(({ code }) => code === 'ambiguous_reading_type')
  return ambiguous.length > 0 ? ambiguous : warnings
}

describe.each(fixtures)('%s', (_name, text) => {
  it.each(VARIANTS)('%s', async (_what, write) => {
    const expected = await reportOf(utf8(text))
    const report = await reportOf(write(text))
    expect(expected.ok).toBe(true)
    expect({ ...report, warnings: checks(report) }).toEqual({ ...expected, warnings: checks(expected) })
  })

  it('gzip', async () => {
    expect(await reportOf(openFile('-', Readable.from([gzipSync(text)])))).toEqual(await reportOf(utf8(text)))
  })
})
