import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Utility } from './contract.ts'
import { utilities, utilityOf } from './index.ts'
import { BadDefinition, validateUtility } from './validate.ts'

type Path = readonly (string | number)[]

/** Every place of a definition that holds a value, however deep; lists count by their items. */
function places(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at]
  return Object.entries(value).flatMap(([key, inner]) =>
    places(inner, [...at, Array.isArray(value) ? Number(key) : key]),
  )
}

/** The definition with something else at one place. */
function changed(utility: Utility, path: Path, to: unknown): Utility {
  const copy: Utility = structuredClone(utility)
  let holder: object = copy
  for (const key of path.slice(0, -1)) holder = Reflect.get(holder, key)
  Reflect.set(holder, path.at(-1) ?? '', to)
  return copy
}

function messageOf(utility: Utility): string {
  try {
    validateUtility(utility)
    return ''
  } catch (error) {
    if (!(error instanceof BadDefinition)) throw error
    return error.message
  }
}

const everyPlace = utilities.flatMap((utility) => places(utility).map((path) => ({ utility, path })))
/** No field holds any of these. */
const NONSENSE = [{}, -1.5, [[]], undefined]

describe('whatever is wrong with a definition, the message names the place', () => {
  it('a value of the wrong kind, anywhere in any definition', () => {
    expect(everyPlace.length).toBeGreaterThan(400)
    fc.assert(
      fc.property(fc.constantFrom(...everyPlace), fc.constantFrom(...NONSENSE), ({ utility, path }, nonsense) => {
        const message = messageOf(changed(utility, path, nonsense))
        expect(message).toContain(`The definition of utility`)
        expect(message).toContain(`  ${nameOf(path)}`)
      }),
      { numRuns: 2000 },
    )
  })

  it('a field too many, at any depth', () => {
    fc.assert(
      fc.property(fc.constantFrom(...everyPlace), ({ utility, path }) => {
        const extra = changed(utility, [...objectAbove(utility, path), 'unheardOf'], 1)
        expect(messageOf(extra)).toContain('unheardOf')
      }),
      { numRuns: 300 },
    )
  })

  it('several faults are told at once', () => {
    const two = changed(changed(utilityOf('PG&E'), ['timezone'], 'Pacific'), ['espi', 'windowDays'], 0)
    expect(messageOf(two).split('\n')).toEqual([
      expect.stringContaining('The definition of utility PG&E cannot be used:'),
      expect.stringContaining('  timezone: an IANA time zone'),
      expect.stringContaining('  espi.windowDays: '),
    ])
  })
})

/** What the message calls a place; a union tells the place of the whole. */
function nameOf(path: Path): string {
  return path.includes('requestScope') ? 'oauth.requestScope' : path.join('.')
}

function objectAbove(utility: Utility, path: Path): Path {
  for (let length = path.length - 1; length > 0; length--) {
    const above = path.slice(0, length)
    const value = above.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), utility)
    if (!Array.isArray(value) && !above.includes('environments')) return above
  }
  return []
}

it.each<[string, Path, unknown, string]>([
  [
    'an http address beyond loopback',
    ['environments', 'production', 'tokenEndpoint'],
    'http://u.example/token',
    'https',
  ],
  ['an address with a user', ['environments', 'production', 'resourceBase'], 'https://a:b@u.example/x', 'https'],
  ['a slash at the end', ['environments', 'production', 'resourceBase'], 'https://u.example/x/', 'final slash'],
  ['a query', ['environments', 'production', 'tokenEndpoint'], 'https://u.example/token?x=1', 'without query'],
  ['a path from the root', ['espi', 'paths', 'status'], '/ReadServiceStatus', 'without a slash at its start'],
  ['a path with a query', ['espi', 'paths', 'usage'], 'Batch?x=1', 'a path below resourceBase'],
  ['a pattern that is none', ['espi', 'fileNamePattern'], '(', 'a regular expression'],
  ['a status that is none', ['answers', 'promised'], [42], 'answers.promised.0'],
  [
    'a place that no scope has',
    ['oauth', 'requestScope'],
    { kind: 'espi', functionBlocks: [4], terms: [['BR', '{x}']] },
    'no other place',
  ],
  [
    'a term without a name',
    ['oauth', 'requestScope'],
    { kind: 'espi', functionBlocks: [4], terms: [['', 'x']] },
    'the name of a term',
  ],
  ['a User-Agent with a line break', ['tls', 'userAgent'], 'a\r\nb', 'printable characters'],
  ['a refresh token that dies at once', ['oauth', 'refreshTokenDays'], 0, 'oauth.refreshTokenDays'],
  ['a poll every second', ['notifications', 'pollSeconds'], 1, 'notifications.pollSeconds'],
])('%s', (_name, path, value, says) => {
  const message = messageOf(changed(utilityOf('PG&E'), path, value))
  expect(message).toContain(
    path[0] === 'oauth' && path[1] === 'requestScope' ? 'oauth.requestScope' : path.slice(0, 2).join('.'),
  )
  expect(message).toContain(says)
})
