import { describe, expect, test } from 'vitest'

import { type Bench, type Caller, fieldsOf, openCaller, useBench } from './accounts-bench.ts'

const LIMIT = 256 * 1024

let bench: Bench
let caller: Caller
useBench('bodies', async (opened) => {
  bench = opened
  caller = await openCaller(bench)
})

const forms = async (): Promise<number> => {
  const rows = await bench.api.database.admin('select count(*)::int as n from forms')
  return Number(rows[0]?.['n'])
}

describe('prototypes', () => {
  const BODIES = [
    '{"__proto__": {"polluted": 1}}',
    '{"constructor": {"prototype": {"polluted": 1}}}',
    '{"prototype": {"polluted": 1}}',
    '{"toString": 1}',
    '{"hasOwnProperty": 1}',
  ]
  test.each(BODIES)('are out of reach of %s, and v3 names the field', async (body) => {
    const [name = ''] = Object.getOwnPropertyNames(JSON.parse(body))
    const [v2, v3] = [await caller.post('/api/v2/forms', body), await caller.post('/api/v3/forms', body)]
    expect([v2.status, v3.status, fieldsOf(v3)]).toEqual([200, 400, [name]])
    expect('polluted' in {}).toBe(false)
  })

  test.each(['__proto__', 'constructor', '__proto__[polluted]', 'constructor[prototype][polluted]', 'toString'])(
    'are out of reach of ?%s',
    async (name) => {
      const [v2, v3] = [
        await caller.send('GET', `/api/v2/forms?${name}=1`),
        await caller.send('GET', `/api/v3/forms?${name}=1`),
      ]
      expect([v2.status, v3.status, fieldsOf(v3)]).toEqual([200, 400, [name]])
      expect('polluted' in {}).toBe(false)
    },
  )

  test('are out of reach of what is kept as it came', async () => {
    for (const scope of ['{"__proto__": {"polluted": 1}}', '{"a": {"__proto__": {"polluted": 1}}}']) {
      const { status, text } = await caller.post('/api/v3/forms', `{"scope": ${scope}}`)
      expect([scope, 'polluted' in {}, text.includes('polluted')]).toEqual([
        scope,
        false,
        status === 200 && scope.includes('"a"'),
      ])
      expect([200, 400]).toContain(status)
    }
    const refused = await caller.post('/api/v3/forms', '{"metadata": {"__proto__": "x"}}')
    expect([refused.status, fieldsOf(refused)]).toEqual([400, ['metadata']])
  })
})

describe('a body', () => {
  const nested = (depth: number): string => `{"scope": ${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`
  const REFUSED: [string, string | Buffer][] = [
    ['no JSON', 'template_uid=1'],
    ['cut off', '{"utility": "DEMO"'],
    ['two of them', '{}{}'],
    ['with a comma too many', '{"utility": "DEMO",}'],
    ['in single quotes', `{'utility': 'DEMO'}`],
    ['with a comment', '{} // x'],
    ['a list', '[{"utility": "DEMO"}]'],
    ['a text', '"utility"'],
    ['a number', '1'],
    ['true', 'true'],
    ['NaN', '{"utility": NaN}'],
    ['nested 33 deep', nested(32)],
    ['nested 40,000 deep in objects', nested(40_000)],
    ['nested 120,000 deep in lists', `{"scope": ${'['.repeat(120_000)}${']'.repeat(120_000)}}`],
    ['nested and never closed', '['.repeat(200_000)],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['UTF-16', Buffer.from('\uFEFF{}', 'utf16le')],
    ['an overlong form of a character', Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])],
  ]
  test.each(REFUSED)('that is %s is refused, and nothing is made', async (_, body) => {
    const before = await forms()
    const [v2, v3] = [await caller.post('/api/v2/forms', body), await caller.post('/api/v3/forms', body)]
    expect([v2.status, v2.body['error'], v3.status, fieldsOf(v3)]).toEqual([400, 'invalid_param', 400, ['body']])
    expect(await forms()).toBe(before)
  })

  test.each(['', ' ', '{}', 'null', '\uFEFF{}', nested(31), '{"utility": "DE\\u004dO"}'])(
    'like %j is taken',
    async (body) => {
      for (const prefix of ['/api/v2', '/api/v3']) expect((await caller.post(`${prefix}/forms`, body)).status).toBe(200)
    },
  )

  test.each([
    ['{"utility": "DEMO", "utility": "SCE"}', 'utility'],
    ['{"utility": "DEMO", "util\\u0069ty": "SCE"}', 'utility'],
    ['{"scope": {"a": 1, "a": 2}}', 'a'],
    ['{"scope": {"x": [{"b": 1, "b": 2}]}}', 'b'],
    ['{"__proto__": 1, "__proto__": 2}', '__proto__'],
  ])('%s names a field twice: v3 refuses it, v2 takes the last', async (body, field) => {
    const [v2, v3] = [await caller.post('/api/v2/forms', body), await caller.post('/api/v3/forms', body)]
    expect([v2.status, v3.status, fieldsOf(v3)]).toEqual([200, 400, [field]])
    expect(v2.body['utility']).toBe(field === 'utility' ? 'SCE' : '')
  })

  test('may name the same key in different objects', async () => {
    const body = '{"scope": {"a": {"a": 1}, "b": [{"a": 1}, {"a": "\\"a\\": {"}]}}'
    expect((await caller.post('/api/v3/forms', body)).status).toBe(200)
  })

  test('has at most 256 KiB, to the byte', async () => {
    const filled = (bytes: number): string => `{}${' '.repeat(bytes - 2)}`
    for (const prefix of ['/api/v2', '/api/v3']) {
      expect((await caller.post(`${prefix}/forms`, filled(LIMIT))).status).toBe(200)
      expect((await caller.post(`${prefix}/forms`, filled(LIMIT + 1))).status).toBe(413)
    }
    const headers = [`Authorization: Bearer ${caller.token}`, 'Transfer-Encoding: chunked']
    const chunk = Buffer.from(`${(LIMIT + 1).toString(16)}\r\n${filled(LIMIT + 1)}\r\n0\r\n\r\n`)
    expect((await bench.raw('POST /api/v3/forms', headers, chunk)).status).toBe(413)
  })

  test.each([
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain',
    'text/xml',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-16',
    'nonsense',
    '*/*',
    '',
  ])('is JSON whatever it claims to be: %j', async (type) => {
    for (const prefix of ['/api/v2', '/api/v3']) {
      const answer = await caller.post(`${prefix}/forms`, '{"utility": "DEMO"}', [`Content-Type: ${type}`])
      expect([answer.status, answer.body['utility']]).toEqual([200, 'DEMO'])
    }
  })

  test.each(['gzip', 'br', 'deflate', 'identity, gzip', 'x'])('is not compressed with %s', async (coding) => {
    for (const prefix of ['/api/v2', '/api/v3'])
      expect((await caller.post(`${prefix}/forms`, '{}', [`Content-Encoding: ${coding}`])).status).toBe(415)
  })
})

describe('a method', () => {
  test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'get', 'FORMS'])(
    '%s does nothing to a list',
    async (method) => {
      const before = await forms()
      const { status } = await bench.raw(`${method} /api/v3/forms`, [`Authorization: Bearer ${caller.token}`])
      expect([status >= 400 && status < 500, status]).toEqual([true, status])
      expect(await forms()).toBe(before)
    },
  )

  test.each(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'])(
    'is not overridden by %s',
    async (header) => {
      const answer = await caller.post(`/api/v3/forms/${caller.objects.form}`, '{}', [`${header}: DELETE`], 'PATCH')
      expect(answer.status).toBe(200)
      expect((await caller.send('GET', `/api/v3/forms/${caller.objects.form}`)).status).toBe(200)
    },
  )

  test('of another company cannot be had by a header, a parameter or a field', async () => {
    const { theirs } = bench.api
    const tricks = [
      `X-Company: ${theirs.companyUid}`,
      `X-Forwarded-User: ${theirs.memberUid}`,
      `gbp.company_uid: ${theirs.companyUid}`,
    ]
    const asked = `company_uid=${theirs.companyUid}&company=${theirs.companyUid}`
    const answer = await bench.raw(`GET /api/v2/authorizations?${asked}`, [
      `Authorization: Bearer ${caller.token}`,
      ...tricks,
    ])
    expect([
      answer.status,
      answer.text.includes(caller.objects.authorization),
      answer.text.includes(theirs.authorizationUid),
    ]).toEqual([200, true, false])
  })
})

test('no answer was a fault of ours, and no log line tells of one', () => {
  expect(bench.logs.filter((line) => line.includes('an API request failed'))).toEqual([])
})
