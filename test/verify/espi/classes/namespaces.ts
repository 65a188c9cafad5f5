import { addBetweenEntries, addToTag, replaceElement, replaceLeaf } from '../edit.ts'
import { accepted, type MalformedClass, rejected, variant, warning } from '../malformed-class.ts'
import { ATOM, ESPI } from '../small-feed.ts'

const BROKEN = rejected('not_well_formed')
const UNBOUND = rejected('unbound_prefix')
const OTHER = rejected('not_green_button')
const XML = 'http://www.w3.org/XML/1998/namespace'
const XMLNS = 'http://www.w3.org/2000/xmlns/'

/** Namespaces in XML 1.0: prefixes, reserved names, and vocabularies that are not ours. */
export const NAMESPACES: MalformedClass[] = [
  {
    name: 'element with a prefix nobody declared',
    verdict: UNBOUND,
    make: ({ feed, random, n }) =>
      n % 2 === 0
        ? addBetweenEntries(feed, random, '<nobody:entry/>')
        : replaceLeaf(feed, random, 'value', () => `<espi:value>${n}</espi:value>`),
  },
  {
    name: 'attribute with a prefix nobody declared',
    verdict: UNBOUND,
    make: ({ feed, random, n }) =>
      addToTag(feed, random, variant(n, ['value', 'link', 'entry']), variant(n, [' xsi:type="x"', ' xlink:href=""'])),
  },
  {
    name: 'prefix used after its element ended',
    verdict: UNBOUND,
    make: ({ feed, random, n }) => addBetweenEntries(feed, random, `<p:a xmlns:p="urn:${n}"/><p:a/>`),
  },
  {
    name: 'root without the declarations that its prefixes need',
    verdict: UNBOUND,
    make: ({ n }) => `<atom:feed><atom:entry><atom:id>${n}</atom:id></atom:entry></atom:feed>`,
  },
  {
    name: 'prefix bound to nothing',
    verdict: BROKEN,
    make: ({ feed, random, n }) => addToTag(feed, random, variant(n, ['value', 'link', 'entry']), ' xmlns:p=""'),
  },
  {
    name: 'prefix xml bound to something else',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addToTag(feed, random, variant(n, ['value', 'link']), ` xmlns:xml="${variant(n, ['urn:x', ESPI, ''])}"`),
  },
  {
    name: 'prefix xmlns declared or used as a name',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addToTag(feed, random, 'link', variant(n, [' xmlns:xmlns="urn:x"', ` xmlns:xmlns="${XMLNS}"`])),
  },
  {
    name: 'another prefix bound to what XML reserves',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addToTag(
        feed,
        random,
        'link',
        variant(n, [` xmlns:p="${XML}"`, ` xmlns:p="${XMLNS}"`, ` xmlns="${XML}"`, ` xmlns="${XMLNS}"`]),
      ),
  },
  {
    name: 'one attribute under two prefixes',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addToTag(feed, random, 'link', ` xmlns:p="urn:${n}" xmlns:q="urn:${n}" p:a="1" q:a="2"`),
  },
  {
    name: 'name with two colons',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addBetweenEntries(
        feed,
        random,
        variant(n, ['<a:b:c xmlns:a="u"/>', '<a xmlns:p="u" p:q:r=""/>', '<a xmlns:p:q="u"/>']),
      ),
  },
  {
    name: 'name that begins or ends with a colon',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addBetweenEntries(
        feed,
        random,
        variant(n, ['<:a/>', '<a: xmlns:a="u"/>', '<a :b=""/>', '<:/>', '<a xmlns:=""/>']),
      ),
  },
  {
    name: 'local name that begins with a digit',
    verdict: BROKEN,
    saxes: 'saxes lets a digit follow the colon; Namespaces in XML does not',
    make: ({ feed, random, n }) => addBetweenEntries(feed, random, `<p:${n}a xmlns:p="u"/>`),
  },
  {
    name: 'root in another namespace',
    verdict: OTHER,
    make: ({ feed, n }) =>
      feed.replace(ATOM, variant(n, ['urn:x', 'http://purl.org/atom/ns#', `${ATOM}/`, 'https://www.w3.org/2005/Atom'])),
  },
  {
    name: 'root in the namespace of Atom in another case',
    verdict: OTHER,
    make: ({ feed, n }) =>
      feed.replace(
        ATOM,
        variant(n, ['http://www.w3.org/2005/atom', 'http://www.W3.org/2005/Atom', ATOM.toUpperCase()]),
      ),
  },
  {
    name: 'feed in the namespace of ESPI',
    verdict: OTHER,
    make: ({ feed }) => feed.replace(ATOM, ESPI),
  },
  {
    name: 'resources in another namespace',
    verdict: OTHER,
    make: ({ feed, n }) =>
      feed.replaceAll(
        ESPI,
        variant(n, [
          'urn:x',
          `${ESPI}/`,
          'http://naesb.org/ESPI',
          'http://www.naesb.org/espi',
          'https://naesb.org/espi',
        ]),
      ),
  },
  {
    name: 'element of another vocabulary inside a reading',
    verdict: warning('unknown_elements'),
    make: ({ feed, random, n }) =>
      replaceLeaf(
        feed,
        random,
        'value',
        (_, leaf) =>
          `${leaf}<x:${variant(n, ['value', 'cost', 'note', 'timePeriod'])} xmlns:x="urn:x">99</x:${variant(n, ['value', 'cost', 'note', 'timePeriod'])}>`,
      ),
  },
  {
    name: 'prefix bound again, to another vocabulary, inside a block',
    verdict: warning('unknown_elements'),
    make: ({ feed, random }) =>
      replaceElement(feed, random, 'IntervalReading', (element, prefix) =>
        element.replace('>', ` xmlns${prefix === '' ? '' : ':'}${prefix.slice(0, -1)}="urn:other">`),
      ),
  },
  {
    name: 'prefix bound again, to the same vocabulary',
    verdict: accepted,
    make: ({ feed, random, n }) =>
      addToTag(feed, random, variant(n, ['value', 'entry', 'IntervalReading']), ` xmlns:q${n}="${ESPI}"`),
  },
  {
    name: 'names of elements in another case',
    verdict: warning('entries_without_content'),
    make: ({ feed, n }) =>
      feed
        .replaceAll('UsageSummary>', variant(n, ['usagesummary>', 'USAGESUMMARY>', 'usageSummary>']))
        .replace('UsageSummary xmlns', variant(n, ['usagesummary xmlns', 'USAGESUMMARY xmlns', 'usageSummary xmlns'])),
  },
  {
    name: 'root in another case',
    verdict: OTHER,
    make: ({ feed, n }) => feed.replaceAll(/(?<=[</:])feed(?=[ >])/g, variant(n, ['Feed', 'FEED'])),
  },
  {
    name: 'attributes of xml and xsi',
    verdict: accepted,
    make: ({ feed, random, n }) =>
      addToTag(
        feed,
        random,
        variant(n, ['value', 'link', 'IntervalReading']),
        variant(n, [
          ' xml:lang="en"',
          ' xml:base="http://evil.example/"',
          ' xml:space="preserve"',
          ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x:y"',
        ]),
      ),
  },
]
