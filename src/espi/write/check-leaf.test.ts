import { expect, it } from 'vitest'

import { isUri, leafText } from './check-leaf.ts'
import type { Leaf } from './fields.ts'

it.each<[Leaf, string[], string[]]>([
  [{ type: 'text', most: 2 }, ['', 'a', 'ab', '😀😀', ' ab '], ['abc', '😀😀😀']],
  [{ type: 'integer', least: 0, most: 255 }, ['0', '255', '007'], ['-1', '256', '1.0', '1.', '0x1', '1e2', '+1', '-0']],
  [{ type: 'integer', least: -5, most: 5 }, ['-5', '+5', '-0'], ['6', '-6', '--1', '٣', `${'0'.repeat(64)}1`]],
  [{ type: 'hex', most: 2 }, ['00', 'aF01'], ['0', '0g', '000000', '0x']],
  [{ type: 'one of', values: ['a', 'b c'] }, ['a', 'b c'], ['A', 'b', 'constructor']],
  [{ type: 'float' }, ['1', '-1.5', '.5', '1e-7'], ['1e', '.', 'NaN1', '1,5']],
])('%j takes what its type has and nothing else', (leaf, good, bad) => {
  for (const text of good) expect(leafText(leaf, text, 'A.b')).toBe(text.trim())
  for (const text of bad) expect(() => leafText(leaf, text, 'A.b')).toThrow(/^A\.b takes /)
})

it('an address is one by RFC 3986, of its own characters only', () => {
  const good = [
    'https://a.example',
    'https://a.example:8443/a/b?c=d&e=%20#f',
    '/a:b//c',
    'a/b',
    '../a',
    'urn:uuid:1',
    '//h/p',
    '?q',
    '#f',
    '/',
  ]
  expect(good.filter((text) => !isUri(text))).toEqual([])
  const bad = [
    'a b',
    '%zz',
    'a%',
    'http://[::1',
    'a#b#c',
    'http://h:x/',
    '1:2',
    '::',
    'http://',
    'é',
    '{a}',
    'a\\b',
    '<',
    `/${'a'.repeat(2048)}`,
  ]
  expect(bad.filter(isUri)).toEqual([])
})
