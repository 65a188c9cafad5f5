import { describe, expect, test } from 'vitest'

import type { Answer } from '../../api-fixture.ts'
import { sampleOf } from '../../api-samples.ts'
import { sized } from '../size.ts'
import { type Bench, type Caller, fieldsOf, openCaller, useBench } from './accounts-bench.ts'
import { VERSIONS } from './api-versions.ts'

/** Wrong values tried for each parameter and field. */
const VALUES = sized(100, 2)

let bench: Bench
let caller: Caller
useBench('parameters', async (opened) => {
  bench = opened
  caller = await openCaller(bench)
})

/** Those of both versions that can be tried again and again; what ends something goes last. */
const operations = VERSIONS.flatMap(({ prefix, isNative, cases }) =>
  cases
    .filter(({ method }) => method !== 'DELETE')
    .map(({ method, path, operation }) => {
      const properties = operation.requestBody?.content['application/json']?.schema['properties'] ?? {}
      const name = `${method} ${prefix}${path}`
      return { name, prefix, isNative, method, path, operation, fields: Object.keys(properties) }
    }),
).toSorted((a, b) => Number(a.path.endsWith('/revoke')) - Number(b.path.endsWith('/revoke')))

describe('whatever a parameter or field holds, it is read, or refused by its name:', () => {
  const inQuery = [
    '%00',
    '%ED%A0%80',
    'x'.repeat(5000),
    '-1',
    '99999999999999999999',
    '%D9%A3',
    '1e3',
    '0x10',
    '%27--',
    '%7B%7D',
  ]
  const inBody: unknown[] = [
    [],
    {},
    [[]],
    1e300,
    -1,
    true,
    '\0',
    '\ud800',
    'x'.repeat(5000),
    [null],
    { $gt: '' },
    '',
    1.5,
  ]

  test('a field that is not known is refused by v3 wherever there are bodies, and ignored by v2', async () => {
    for (const { prefix, isNative, method, path } of operations.filter(({ method }) => method === 'PATCH')) {
      const { address, body } = sampleOf({ method, path }, caller.objects)
      const { status, ...answer } = await caller.send(method, `${prefix}${address}`, { ...body, surprise: 1 })
      const refused = [prefix, path, status, fieldsOf({ status, ...answer })]
      expect(refused).toEqual([prefix, path, ...(isNative ? [400, ['surprise']] : [200, []])])
    }
  })

  test.each(operations)('$name', async ({ prefix, isNative, method, path, operation, fields }) => {
    const { address, body } = sampleOf({ method, path }, caller.objects)
    const faults: unknown[] = []
    const ask = async (names: string[], value: unknown, to: string, given: object | undefined): Promise<void> => {
      const answer = await caller.send(method, `${prefix}${to}`, given)
      const fault = isNative ? nativeFault(answer, names) : oldFault(answer)
      if (fault !== null) faults.push([names[0], value, fault])
    }
    for (const { name } of operation.parameters.filter((parameter) => parameter.in === 'query'))
      for (const value of [...inQuery.slice(0, VALUES), `1&${name}=2`, `&${name}[x]=1`])
        await ask([name, `${name}[x]`], value, `${address}${address.includes('?') ? '&' : '?'}${name}=${value}`, body)
    for (const name of fields)
      for (const value of inBody.slice(0, VALUES)) {
        // What must be unique is new each time: an earlier value may have been taken.
        const fresh = sampleOf({ method, path }, caller.objects).body
        await ask([name], value, address, { ...fresh, [name]: value })
      }
    await ask(['surprise'], 1, address, { ...body, surprise: 1 })
    expect(faults).toEqual([])
  })

  /** 404: what a parameter names cannot be found. Null: no fault. */
  function nativeFault(answer: Answer, names: string[]): unknown {
    if (![200, 400, 403, 404].includes(answer.status)) return answer.status
    if (answer.status !== 400) return null
    const named = fieldsOf(answer)
    const isRight = named.length > 0 && named.every((name) => names.includes(name) || RELATED.has(name))
    return isRight ? null : answer.text
  }

  function oldFault({ status, text, body }: Answer): unknown {
    if (![200, 400, 403, 404].includes(status)) return status
    return status !== 400 || /Parameter "\w+/.test(String(body['error_description'])) ? null : text
  }
})

/** Where two fields together are wrong, the refusal names the one that is missing or does not fit. */
const RELATED = new Set(['event_uid', 'default_months', 'meters', 'authorizations', 'accounts'])

describe('a uid in a path', () => {
  const strange = [
    '0',
    '-1',
    '+1',
    '01',
    '1.0',
    '1e3',
    '0x10',
    '%201',
    '1%20',
    '1%00',
    '%D9%A1',
    '%EF%BC%91',
    '1,2',
    '1;2',
    '1%2F..',
    'null',
    '[]',
    '%27',
    '9007199254740992',
    '9223372036854775808',
    '1'.repeat(100),
    'x'.repeat(90),
  ]

  test.each(strange)('that is %s is answered as an unknown one', async (uid) => {
    for (const [method, path] of [
      ['GET', '/meters/'],
      ['GET', '/tokens/'],
      ['PATCH', '/members/'],
      ['PATCH', '/forms/'],
    ] as const) {
      const [answer, unknown] = [
        await caller.send(method, `/api/v3${path}${uid}`, method === 'GET' ? undefined : {}),
        await caller.send(method, `/api/v3${path}999`, method === 'GET' ? undefined : {}),
      ]
      expect([path, answer.status, answer.body['code']]).toEqual([path, 404, 'not_found'])
      expect(answer.body['detail']).toBe(unknown.body['detail'])
    }
  })
})

describe('a page', () => {
  test.each(['0', '-1', '1001', '1.5', '1e2', '0x10', 'NaN', 'Infinity', '%205', '5%20', '%D9%A5', '5&limit=5', '[]'])(
    'is not as long as %s',
    async (limit) => {
      const refused = await caller.send('GET', `/api/v3/forms?limit=${limit}`)
      expect([refused.status, fieldsOf(refused)]).toEqual([400, ['limit']])
      expect((await caller.send('GET', `/api/v2/forms?limit=${limit}`)).body['error']).toBe('invalid_param')
    },
  )

  test('goes on at our own address, whatever Host and X-Forwarded headers say', async () => {
    await caller.send('POST', '/api/v2/forms')
    const headers = ['X-Forwarded-Host: evil.example', 'Forwarded: host=evil.example', 'X-Original-URL: /evil']
    const answer = await bench.raw('GET /api/v2/forms?limit=1', [`Authorization: Bearer ${caller.token}`, ...headers])
    expect(String(answer.body['next'])).toMatch(/^https:\/\/proxy\.example\/api\/v2\/forms\?limit=1&after=\d+$/)
    expect(String(answer.body['next'])).not.toContain('gbp_')
  })
})

test('no answer was a fault of ours, and no log line tells of one', () => {
  expect(bench.logs.filter((line) => line.includes('an API request failed'))).toEqual([])
})
