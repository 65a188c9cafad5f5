import { addBetweenEntries, replaceElement, replaceEntry, setAll } from '../edit.ts'
import { accepted, type MalformedClass, rejected, variant, warning } from '../malformed-class.ts'
import { smallFeed } from '../small-feed.ts'

const CONTENT = /<((?:\w+:)?)content>[\s\S]*<\/\1content>/
const LINK = (rel: string): RegExp => new RegExp(`<(?:\\w+:)?link rel="${rel}"[^>]*/>`, 'g')
const noDeclaration = (feed: string): string => feed.replace(/^<\?.*?\?>/, '')

/** The same feed with the content of its bill written in another way. */
const content = (feed: string, make: (prefix: string, whole: string) => string): string =>
  replaceEntry(feed, 'UsageSummary', (entry) => entry.replace(CONTENT, (whole, prefix: string) => make(prefix, whole)))

/** Entries, links and feeds that are not as RFC 4287 and ESPI say. */
export const ATOM_FAULTS: MalformedClass[] = [
  {
    name: 'entry without content',
    verdict: warning('entries_without_content'),
    make: ({ feed }) => content(feed, () => ''),
  },
  {
    name: 'entry with nothing in its content',
    verdict: warning('entries_without_content'),
    make: ({ feed, n }) =>
      content(feed, (p) =>
        variant(n, [`<${p}content/>`, `<${p}content> </${p}content>`, `<${p}content><!-- x --></${p}content>`]),
      ),
  },
  {
    name: 'content twice',
    verdict: accepted,
    make: ({ feed }) =>
      content(feed, (_, whole) => whole + whole.replace(/<((?:\w+:)?)UsageSummary[\s\S]*<\/\1UsageSummary>/, '')),
  },
  {
    name: 'content as text',
    verdict: warning('entries_without_content'),
    make: ({ feed, n }) =>
      content(
        feed,
        (p, whole) =>
          `<${p}content type="${variant(n, ['text', 'html', 'application/json'])}">${variant(n, [whole.replaceAll('<', '&lt;').replaceAll(']]>', ''), '<![CDATA[<x/>]]>', '{"value": 1}'])}</${p}content>`,
      ),
  },
  {
    name: 'content elsewhere',
    verdict: warning('entries_without_content'),
    make: ({ feed }) => content(feed, (p) => `<${p}content src="http://evil.example/x" type="text/xml"/>`),
  },
  {
    name: 'no links at all',
    verdict: warning('links_by_only'),
    make: ({ feed }) => feed.replaceAll(/<(?:\w+:)?link [^>]*\/>/g, ''),
  },
  { name: 'no self links', verdict: warning('links_by_only'), make: ({ feed }) => feed.replaceAll(LINK('self'), '') },
  { name: 'no up links', verdict: warning('links_by_path'), make: ({ feed }) => feed.replaceAll(LINK('up'), '') },
  {
    name: 'no related links',
    verdict: warning('links_by_path'),
    make: ({ feed }) => feed.replaceAll(LINK('related'), ''),
  },
  {
    name: 'links in a circle',
    verdict: warning('links_by_path'),
    make: ({ feed }) =>
      feed.replaceAll(
        /<((?:\w+:)?entry>[\s\S]*?)rel="up" href="[^"]*"/g,
        (_, head: string) => `<${head}rel="up" href="${/rel="self" href="([^"]*)"/.exec(head)?.[1] ?? ''}"`,
      ),
  },
  {
    name: 'every link the same',
    verdict: accepted,
    make: ({ feed }) => feed.replaceAll(/href="[^"]*"/g, 'href="https://utility.example/x"'),
  },
  {
    name: 'links that are no addresses',
    verdict: accepted,
    make: ({ feed, n }) =>
      feed.replaceAll(/href="[^"]*"/g, `href="${variant(n, ['javascript:alert(1)', 'data:,x', 'a b', '%', '[::1'])}"`),
  },
  {
    name: 'links without a path',
    verdict: warning('usage_point_unnamed'),
    make: ({ feed, n }) => feed.replaceAll(/href="[^"]*"/g, `href="${variant(n, ['', '#', '?', '/', '//'])}"`),
  },
  {
    name: 'link without rel or href',
    verdict: warning('links_by_only'),
    make: ({ feed, n }) => feed.replaceAll(variant(n, [/ rel="[^"]*"/g, / href="[^"]*"/g]), ''),
  },
  { name: 'one id for all entries', verdict: accepted, make: ({ feed }) => setAll(feed, 'id', () => 'urn:uuid:1') },
  {
    name: 'no ids, no titles',
    verdict: accepted,
    make: ({ feed }) => feed.replaceAll(/<((?:\w+:)?(?:id|title))>[^<]*<\/\1>/g, ''),
  },
  {
    name: 'moments that are none',
    verdict: accepted,
    make: ({ feed, n }) =>
      setAll(feed, 'updated', () =>
        variant(n, [
          '',
          'yesterday',
          '2026-13-01T00:00:00Z',
          '0000-00-00',
          '9999-12-31T23:59:60Z',
          '1751414400',
          '2026-02-31T25:61:61+99:99',
          '0001-01-01T00:00:00',
        ]),
      ),
  },
  {
    name: 'entry twice',
    verdict: warning('repaired_keepLastOfDuplicateStarts'),
    make: ({ feed }) => replaceEntry(feed, 'IntervalBlock', (entry) => entry + entry),
  },
  {
    name: 'entry within an entry',
    verdict: accepted,
    make: ({ feed }) =>
      feed.replace(/<((?:\w+:)?)content>/, (tag, p: string) => `<${p}entry><${p}title>x</${p}title></${p}entry>${tag}`),
  },
  {
    name: 'feed within a feed',
    verdict: accepted,
    make: ({ feed, random }) =>
      addBetweenEntries(
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content/></entry></feed>',
        random,
        noDeclaration(feed),
      ).replace('<entry><content/></entry>', ''),
  },
  {
    name: 'entry without a feed',
    verdict: warning('missing_reading_type'),
    make: ({ random }) =>
      replaceElement(noDeclaration(smallFeed(random, 'sce')), random, 'feed', (feed) =>
        (/<entry>(?:(?!<entry>)[\s\S])*?<IntervalBlock[\s\S]*?<\/entry>/.exec(feed)?.[0] ?? '').replace(
          '<entry>',
          '<entry xmlns="http://www.w3.org/2005/Atom">',
        ),
      ),
  },
  {
    name: 'two feeds, one after the other',
    verdict: accepted,
    saxes: 'PG&E sends several documents in one body',
    make: ({ feed, random, n }) =>
      feed +
      variant(n, ['', '\n', '\\n', '\uFEFF']) +
      variant(n, [noDeclaration, (text: string) => text])(smallFeed(random, 'pge')),
  },
  {
    name: 'feed, then something else',
    verdict: rejected('not_green_button'),
    saxes: 'several documents in one body are no XML',
    make: ({ feed, n }) => feed + variant(n, ['<html/>', '<x/>', '<rss/>']),
  },
  {
    name: 'entries in no order',
    verdict: accepted,
    make: ({ feed, random }) =>
      feed.replace(/<((?:\w+:)?)entry>[\s\S]*<\/\1entry>/, (all, p: string) =>
        all
          .split(new RegExp(`(?<=</${p}entry>)`))
          .map((text) => ({ text, key: random.int(1e6) }))
          .sort((a, b) => a.key - b.key)
          .map(({ text }) => text)
          .join(''),
      ),
  },
]
