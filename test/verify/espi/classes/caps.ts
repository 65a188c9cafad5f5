import { CAPS } from '../../../../src/espi/tokenizer-state.ts'
import { addBetweenEntries, addToLeaf, addToTag, replaceEntry, setLeaf } from '../edit.ts'
import { accepted, type MalformedClass, rejected, variant, warning } from '../malformed-class.ts'
import { ATOM } from '../small-feed.ts'

const LIMIT = 'XML has no such limit'
const many = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join('')
const nested = (depth: number): string => '<x>'.repeat(depth) + '</x>'.repeat(depth)

/** More of something than any feed has. */
export const CAPPED: MalformedClass[] = [
  {
    name: 'elements too deep',
    verdict: rejected('too_deep'),
    saxes: LIMIT,
    make: ({ feed, random, n }) => addBetweenEntries(feed, random, nested(CAPS.depth + n * 100)),
  },
  {
    name: 'elements as deep as they may be',
    verdict: accepted,
    make: ({ feed, random }) => addBetweenEntries(feed, random, nested(CAPS.depth - 1)),
  },
  {
    name: 'elements too deep that never end',
    verdict: rejected('too_deep'),
    make: ({ feed, random, n }) => addBetweenEntries(feed, random, '<x>'.repeat(CAPS.depth + n * 1000)),
  },
  {
    name: 'entries within entries',
    verdict: rejected('too_deep'),
    saxes: LIMIT,
    make: ({ n }) =>
      `<feed xmlns="${ATOM}">${'<entry><content>'.repeat(40 + n)}${'</content></entry>'.repeat(40 + n)}</feed>`,
  },
  {
    name: 'too many attributes',
    verdict: rejected('too_many_attributes'),
    saxes: LIMIT,
    make: ({ feed, random, n }) =>
      addToTag(
        feed,
        random,
        'entry',
        many(CAPS.attributes + 1 + n * 20, (i) => ` a${i}=""`),
      ),
  },
  {
    name: 'as many attributes as there may be',
    verdict: accepted,
    make: ({ feed, random }) =>
      addToTag(
        feed,
        random,
        'entry',
        many(CAPS.attributes, (i) => ` a${i}=""`),
      ),
  },
  {
    name: 'name too long',
    verdict: rejected('name_too_long'),
    saxes: LIMIT,
    make: ({ feed, random, n }) =>
      addBetweenEntries(
        feed,
        random,
        variant(n, [`<${'a'.repeat(257 + n)}/>`, `<a ${'b'.repeat(300)}=""/>`, `<${'é'.repeat(130)}/>`]),
      ),
  },
  {
    name: 'name as long as it may be',
    verdict: accepted,
    make: ({ feed, random }) => addBetweenEntries(feed, random, `<${'a'.repeat(256)}/>`),
  },
  {
    name: 'too many different names',
    verdict: rejected('too_many_names'),
    saxes: LIMIT,
    make: ({ feed, random, n }) =>
      addBetweenEntries(
        feed,
        random,
        many(4200, (i) => `<x${i}${n}/>`),
      ),
  },
  {
    name: 'too many namespaces',
    verdict: rejected('too_many_names'),
    saxes: LIMIT,
    make: ({ feed, random, n }) =>
      addBetweenEntries(
        feed,
        random,
        many(260 + n, (i) => `<x xmlns="urn:${i}"/>`),
      ),
  },
  {
    name: 'text too long',
    verdict: rejected('text_too_long'),
    saxes: LIMIT,
    make: ({ feed, random, n }) =>
      addToLeaf(feed, random, variant(n, ['tariffProfile', 'title']), 'x'.repeat(CAPS.textBytes + n)),
  },
  {
    name: 'text too long in pieces',
    verdict: rejected('text_too_long'),
    saxes: LIMIT,
    make: ({ feed, random, n }) =>
      addToLeaf(feed, random, 'tariffProfile', variant(n, ['<![CDATA[xxxxxxxx]]>', 'xxxxxxxx<!-- -->']).repeat(8300)),
  },
  {
    name: 'text as long as it may be',
    verdict: accepted,
    make: ({ feed, random }) => setLeaf(feed, random, 'tariffProfile', 'x'.repeat(CAPS.textBytes)),
  },
  {
    name: 'attribute too long',
    verdict: rejected('text_too_long'),
    saxes: LIMIT,
    make: ({ feed, random, n }) => addToTag(feed, random, 'link', ` title="${'x'.repeat(CAPS.textBytes + n)}"`),
  },
  {
    name: 'comment or CDATA too long',
    verdict: rejected('text_too_long'),
    saxes: LIMIT,
    make: ({ feed, random, n }) =>
      addToLeaf(
        feed,
        random,
        'title',
        variant(n, [`<!--${'x'.repeat(CAPS.textBytes)}-->`, `<![CDATA[${'x'.repeat(CAPS.textBytes)}]]>`]),
      ),
  },
  {
    name: 'blanks too long between entries',
    verdict: rejected('text_too_long'),
    saxes: LIMIT,
    make: ({ feed, random, n }) => addBetweenEntries(feed, random, ' '.repeat(CAPS.textBytes + 1 + n)),
  },
  {
    name: 'tag that never ends',
    verdict: rejected('text_too_long'),
    make: ({ feed, n }) =>
      `${feed.slice(0, 300)}<a b="${'x'.repeat(CAPS.textBytes + n * 1000)}`.replace(/<[^<]*(?=<a b)/, ''),
  },
  {
    name: 'number of thousands of digits',
    verdict: { is: 'quarantined', code: 'not_a_number' },
    make: ({ feed, random, n }) =>
      setLeaf(feed, random, variant(n, ['value', 'start', 'uom', 'billLastPeriod']), '9'.repeat(1000 + n * 1000)),
  },
  {
    name: 'entry of endless elements',
    verdict: rejected('too_large'),
    saxes: LIMIT,
    make: ({ feed, n }) =>
      replaceEntry(feed, 'UsageSummary', (entry) =>
        entry.replace(
          /(?=<\/(?:\w+:)?UsageSummary>)/,
          variant(n, ['<batchItemInfo/>', '<peakDemand/>'])
            .repeat(200_001)
            .replaceAll('<', entry.includes('ns0:') ? '<ns0:' : '<'),
        ),
      ),
  },
  {
    name: 'too many entries',
    verdict: rejected('too_large'),
    saxes: LIMIT,
    make: ({ n }) => `<feed xmlns="${ATOM}">${'<entry/>'.repeat(500_001 + n)}</feed>`,
  },
  {
    name: 'too many feeds',
    verdict: rejected('too_large'),
    saxes: 'several documents in one body are no XML',
    make: ({ n }) => `<feed xmlns="${ATOM}"/>`.repeat(500_001 + n),
  },
  {
    name: 'links by the thousand',
    verdict: accepted,
    make: ({ feed, random }) =>
      feed.replace(
        /<((?:\w+:)?)link [^>]*\/>/,
        (link, prefix: string) =>
          link + many(3000, (i) => `<${prefix}link rel="related" href="/x/${i}/${random.int(1e6)}"/>`),
      ),
  },
  {
    name: 'address of thousands of steps',
    verdict: warning('links_by_only'),
    make: ({ feed, n }) =>
      replaceEntry(feed, 'UsageSummary', (entry) =>
        entry.replaceAll(/href="[^"]*"/g, `href="/${'a/'.repeat(20_000 + n * 1000)}"`),
      ),
  },
]
