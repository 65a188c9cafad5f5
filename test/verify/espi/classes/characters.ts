import { addBetweenEntries, addToLeaf, addToTag, setLeaf } from '../edit.ts'
import { accepted, type Making, type MalformedClass, rejected, variant } from '../malformed-class.ts'

const BROKEN = rejected('not_well_formed')
const UNDECLARED = rejected('undeclared_entity')

/** A piece in a text or in an attribute, by turns. */
const inText = ({ feed, random, n }: Making, piece: string): string =>
  n % 2 === 0 ? addToLeaf(feed, random, 'tariffProfile', piece) : addToTag(feed, random, 'link', ` title="${piece}"`)

/** References, comments, CDATA, single characters, and what stands outside the root. */
export const CHARACTERS: MalformedClass[] = [
  {
    name: 'bare ampersand',
    verdict: UNDECLARED,
    make: (making) => inText(making, variant(making.n >> 1, [' A & B', '&', '&&', '& ;', 'a=1&b=2'])),
  },
  {
    name: 'reference without a semicolon',
    verdict: UNDECLARED,
    make: (making) => inText(making, variant(making.n >> 1, ['&amp', '&lt ', '&#38', '&#x26 x'])),
  },
  {
    name: 'entity of HTML',
    verdict: UNDECLARED,
    make: (making) => inText(making, variant(making.n >> 1, ['&nbsp;', '&eacute;', '&copy;', '&AMP;', '&Lt;'])),
  },
  {
    name: 'reference to a character that XML forbids',
    verdict: UNDECLARED,
    make: (making) =>
      inText(making, variant(making.n >> 1, ['&#0;', '&#xD800;', '&#xFFFE;', '&#x110000;', '&#11;', '&#x1;'])),
  },
  {
    name: 'malformed character reference',
    verdict: UNDECLARED,
    make: (making) =>
      inText(making, variant(making.n >> 1, ['&#;', '&#x;', '&#xG1;', '&#-1;', '&#1a;', '&#X41;', '&;'])),
  },
  {
    name: 'character reference of absurd length',
    verdict: UNDECLARED,
    saxes: 'leading zeros without end are allowed by XML; we take references of up to 12 bytes',
    make: (making) => inText(making, `&#${'0'.repeat(12 + making.n * 40)}65;`),
  },
  {
    name: 'comment with -- in it',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addBetweenEntries(feed, random, variant(n, ['<!-- a -- b -->', '<!----->', '<!-- --->', '<!-- <!-- --> -->'])),
  },
  {
    name: 'comment that is cut short',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addBetweenEntries(feed, random, variant(n, ['<!--> <!-- -->', '<!---> <!-- -->', '<!- x -->', '<! -- x -->'])),
  },
  {
    name: 'comment without an end',
    verdict: rejected('truncated'),
    make: ({ feed, random, n }) => addBetweenEntries(feed, random, variant(n, ['<!-- ', '<!--x->', '<!--\n'])),
  },
  {
    name: 'CDATA without an end',
    verdict: rejected('truncated'),
    make: ({ feed, random, n }) =>
      addToLeaf(feed, random, 'tariffProfile', variant(n, ['<![CDATA[', '<![CDATA[x]>', '<![CDATA[ ]] >'])),
  },
  {
    name: 'CDATA outside the root',
    verdict: BROKEN,
    make: ({ feed, n }) => (n % 2 === 0 ? `${feed}<![CDATA[x]]>` : `<![CDATA[x]]>${feed.replace(/^<\?.*?\?>/, '')}`),
  },
  {
    name: 'CDATA misspelled',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addToLeaf(
        feed,
        random,
        'tariffProfile',
        variant(n, ['<![cdata[x]]>', '<![ CDATA[x]]>', '<!CDATA[x]]>', '<![CDATA x]]>', '<[CDATA[x]]>']),
      ),
  },
  {
    name: ']]> in text',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addToLeaf(
        feed,
        random,
        variant(n, ['tariffProfile', 'title']),
        variant(n, [']]>', ' ]]]> ', '<![CDATA[x]]>]]>']),
      ),
  },
  {
    name: 'control character',
    verdict: rejected('bad_encoding'),
    make: (making) =>
      inText(making, String.fromCharCode(variant(making.n, [0x01, 0x02, 0x08, 0x0b, 0x0c, 0x0e, 0x1b, 0x1f]))),
  },
  {
    name: 'U+FFFE and U+FFFF',
    verdict: rejected('bad_encoding'),
    make: (making) => inText(making, variant(making.n >> 1, ['\uFFFE', '\uFFFF', 'x\uFFFEx'])),
  },
  {
    name: 'NUL in text, attribute or tag',
    verdict: rejected('bad_encoding'),
    make: (making) => inText(making, '\0'.repeat(1 + (making.n >> 1))),
  },
  {
    name: 'CDATA and comments inside a number',
    verdict: accepted,
    make: ({ feed, random, n }) =>
      setLeaf(
        feed,
        random,
        'value',
        variant(n, ['1<!-- -->2', '<![CDATA[12]]>', '1<![CDATA[2]]>3', '&#49;&#x32;', '<!--x-->7<!--y-->']),
      ),
  },
  {
    name: 'text before the root',
    verdict: rejected('not_xml'),
    make: ({ feed, n }) => variant(n, ['HTTP/1.1 200 OK\r\n\r\n', 'x', ")]}'\n", '"', '&lt;', '1f4\r\n']) + feed,
  },
  {
    name: 'text after the root',
    verdict: BROKEN,
    make: ({ feed, n }) => feed + variant(n, ['x', '"', '&amp;', '0\r\n\r\n', '--boundary--', '\\x']),
  },
  {
    name: 'declaration that is malformed',
    verdict: BROKEN,
    make: ({ feed, n }) =>
      variant(n, [
        '<?xml?>',
        '<?xml version="2.0"?>',
        '<?xml encoding="UTF-8"?>',
        '<?xml encoding="UTF-8" version="1.0"?>',
        '<?xml version="1.0" standalone="maybe"?>',
        '<?xml version=1.0?>',
        '<?xml version="1.0" x="y"?>',
        '<?xml version="1.0"encoding="UTF-8"?>',
        '<?xml version="1.0" encoding=""?>',
        '<?xml version="1.0" encoding="8bit utf"?>',
      ]) + feed.replace(/^<\?.*?\?>/, ''),
  },
  {
    name: 'declaration in the middle',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addBetweenEntries(feed, random, variant(n, ['<?xml version="1.0"?>', '<?xml version="1.0" encoding="UTF-8"?>'])),
  },
  {
    name: 'blanks or a comment before the declaration',
    verdict: accepted,
    saxes: 'a declaration after blanks is a common fault of gateways, and hurts nobody',
    make: ({ feed, n }) =>
      `${variant(n, ['\n', ' ', '\r\n', '\t', '<!-- x -->'])}<?xml version="1.0"?>${feed.replace(/^<\?.*?\?>/, '')}`,
  },
]
