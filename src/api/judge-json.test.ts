import { assert, jsonValue, nat, property } from 'fast-check'
import { expect, test } from 'vitest'

import { judgeJson } from './judge-json.ts'

test('what JSON.stringify writes has no fault, indented or not', () => {
  assert(
    property(jsonValue({ maxDepth: 8 }), nat(2), (value, indent) => {
      expect(judgeJson(JSON.stringify(value, null, indent))).toBeNull()
    }),
  )
})

test.each([
  ['{"a": 1, "a": 2}', 'a'],
  ['{"a": {"b": [1, {"c": 1, "\\u0063": 2}]}}', 'c'],
  ['{"": 1, "": 2}', ''],
  ['{"a,\\"b\\"": 1, "c": "{", "a,\\"b\\"": 2}', 'a,"b"'],
])('%s has a key twice', (text, repeated) => {
  expect(judgeJson(text)).toEqual({ repeated })
})

test('32 levels are allowed, 33 are not, however they go on', () => {
  expect(judgeJson('['.repeat(32) + ']'.repeat(32))).toBeNull()
  expect(judgeJson('['.repeat(33))).toBe('too deep')
  expect(judgeJson('{"a":'.repeat(100_000))).toBe('too deep')
})

test.each(['', '"', '{"', '{"a', '}}}', '{"\\', ']]', '{"\\u12": 1, "\\u12": 2}'])(
  '%j, which is no JSON, is no reason to fail',
  (text) => {
    expect(() => judgeJson(text)).not.toThrow()
  },
)
