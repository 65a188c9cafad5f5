import { addBetweenEntries, addToLeaf, addToTag, replaceLeaf } from '../edit.ts'
import { accepted, type MalformedClass, rejected, variant } from '../malformed-class.ts'

const BROKEN = rejected('not_well_formed')

/** Tags, attributes, names. */
export const TAGS: MalformedClass[] = [
  {
    name: 'end tag missing',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      replaceLeaf(feed, random, variant(n, ['value', 'start', 'title']), (_, leaf) => leaf.replace(/<\/.*>$/, '')),
  },
  {
    name: 'end tag of another element',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      replaceLeaf(feed, random, variant(n, ['value', 'start', 'title']), (_, leaf) =>
        leaf.replace(/<\/.*>$/, variant(n, ['</x>', '</entry>', '</ns0:valu>', '</ns0:values>'])),
      ),
  },
  {
    name: 'end tag in another case',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      replaceLeaf(feed, random, variant(n, ['value', 'start', 'title', 'id']), (_, leaf) =>
        leaf.replace(/<\/.*>$/, (end) => end.toUpperCase()),
      ),
  },
  {
    name: 'end tag with more than a name',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      replaceLeaf(feed, random, 'value', (_, leaf) => leaf.replace(/>$/, variant(n, [' a="1">', ' x>', '/>', '"']))),
  },
  {
    name: 'end tag without a start tag',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      n % 2 === 0 ? `${feed}</${variant(n, ['feed', 'x'])}>` : addBetweenEntries(feed, random, '</entry>'),
  },
  {
    name: 'elements that overlap',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      replaceLeaf(feed, random, variant(n, ['value', 'title']), (prefix, leaf) =>
        leaf.replace(/([^>]*)<\/(.*)>$/, `<${prefix}b>$1</$2></${prefix}b>`),
      ),
  },
  {
    name: 'tag that is not closed',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      replaceLeaf(feed, random, 'value', (_, leaf) => leaf.replace('>', variant(n, [' ', '', '\n', '\t']))),
  },
  {
    name: 'bare < in text',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addToLeaf(feed, random, 'tariffProfile', variant(n, [' < 5', '<', '<5', ' <= 1', '<<'])),
  },
  {
    name: 'blank before the name of a tag',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      replaceLeaf(feed, random, 'value', (_, leaf) =>
        leaf.replace(variant(n, ['<', '</']), (tag) => `${tag}${variant(n >> 1, [' ', '\n', '\t'])}`),
      ),
  },
  {
    name: 'name that begins with what no name begins with',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addBetweenEntries(feed, random, `<${variant(n, ['1', '-', '.', '+', '@', '\u00b7', '\u0300'])}a/>`),
  },
  {
    name: 'name with a character that no name has',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addBetweenEntries(
        feed,
        random,
        `<a${variant(n, ['!', '×', '÷', '$', ',', '*', '\u2028', '(', '%', '\u0085'])}b/>`,
      ),
  },
  {
    name: 'tag without a name',
    verdict: BROKEN,
    make: ({ feed, random, n }) => addBetweenEntries(feed, random, variant(n, ['<>', '</>', '< >', '</ >', '<//>'])),
  },
  {
    name: 'slash inside a tag',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addBetweenEntries(feed, random, variant(n, ['<a / >', '<a/ b="1">', '<a / b="1"/>', '<a //>', '<a/x>'])),
  },
  {
    name: 'attribute without a value',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addToTag(feed, random, variant(n, ['link', 'value', 'entry']), variant(n, [' a', ' a=', ' checked '])),
  },
  {
    name: 'attribute without quotes',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addToTag(feed, random, variant(n, ['link', 'value', 'entry']), variant(n >> 1, [' a=1', ' a=x', ' a=”x”'])),
  },
  {
    name: 'attribute whose quotes differ',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addToTag(feed, random, variant(n, ['link', 'value', 'entry']), variant(n, [` a="x'`, ` a='x"`])),
  },
  {
    name: 'attribute twice',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addToTag(
        feed,
        random,
        variant(n, ['link', 'value', 'entry']),
        variant(n, [' a="1" a="1"', ' a="1" b="" a="2"', ' xmlns:q="u" xmlns:q="v"']),
      ),
  },
  {
    name: 'attribute with < in it',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addToTag(
        feed,
        random,
        variant(n, ['link', 'value', 'entry']),
        ` a="${variant(n, ['<', 'a<b', '<x>', '<!-- -->'])}"`,
      ),
  },
  {
    name: 'no blank between attributes',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addToTag(
        feed,
        random,
        variant(n, ['link', 'value', 'entry']),
        variant(n, [' a="1"b="2"', ` a='1'b="2"`, ' a=""b=""']),
      ),
  },
  {
    name: 'declarations of a DTD in the content',
    verdict: BROKEN,
    make: ({ feed, random, n }) =>
      addBetweenEntries(
        feed,
        random,
        variant(n, [
          '<!ELEMENT a ANY>',
          '<!ATTLIST a b CDATA "">',
          '<!ENTITY a "b">',
          '<!NOTATION a SYSTEM "b">',
          '<![INCLUDE[ ]]>',
          '<![IGNORE[ ]]>',
          '<!>',
          '<!doctype feed>',
        ]),
      ),
  },
  {
    name: 'text between entries',
    verdict: accepted,
    make: ({ feed, random, n }) =>
      addBetweenEntries(feed, random, variant(n, ['stray', '\\n', ' 1 ', '&amp;', '<![CDATA[<x>]]>', '\uFEFF'])),
  },
]
