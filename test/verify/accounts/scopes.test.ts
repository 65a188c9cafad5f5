import { beforeAll, describe, expect, test } from 'vitest'

import type { Operation } from '../../../src/api/open-api.ts'
import { ROLES, SCOPES, scopesOf } from '../../../src/model/roles.ts'
import type { Answer } from '../../api-fixture.ts'
import { makeObjects, type Objects, sampleOf } from '../../api-samples.ts'
import { type Bench, useBench } from './accounts-bench.ts'
import { type Case, VERSIONS } from './api-versions.ts'

let bench: Bench
let objects: Objects
const tokens = new Map<string, string>()
useBench('scopes', async (opened) => {
  bench = opened
  for (const scope of SCOPES) tokens.set(scope, await bench.token({ scopes: [scope] }))
  for (const role of ROLES) tokens.set(role, await bench.token({ role }))
  for (const token of tokens.values()) await bench.api.get('/nothing', token) // the last use is written now, and not again
})

const scopeOf = ({ security }: Operation): string => security[0]?.['bearer']?.[0] ?? ''

async function ask(prefix: string, { method, path }: Case, token: string | undefined): Promise<Answer> {
  const { address, body } = sampleOf({ method, path }, objects)
  return await bench.api.send(method, `${prefix}${address}`, body, token ?? '')
}

/** A refusal for want of a scope: the code, the header that names the scope, and nothing else of what is there. */
function expectRefused(answer: Answer, scope: string, what: string): void {
  const { status, headers, body } = answer
  const code = body['code'] ?? body['error']
  const challenge = `Bearer error="insufficient_scope", scope="${scope}"`
  expect([what, status, code, headers['www-authenticate']]).toEqual([what, 403, 'insufficient_scope', challenge])
}

/** Every row of our company in every table. */
async function rows(): Promise<unknown[]> {
  const { admin } = bench.api.database
  const tables = await admin(
    `select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'company_uid'`,
  )
  return await Promise.all(
    tables.map(async ({ name }) => [
      name,
      await admin(`select md5(string_agg(t::text, '|' order by t::text)) as hash from "${String(name)}" t`),
    ]),
  )
}

describe.each(VERSIONS)('at $prefix', ({ prefix, cases }) => {
  beforeAll(async () => {
    const maker = await bench.token()
    objects = await makeObjects(bench.api, bench.api.ours, maker)
  })

  test('each operation declares one scope, alike for every way to send a token', () => {
    for (const { operation } of cases) {
      expect(operation.security).toEqual(
        ['bearer', 'key', 'query'].map((scheme) => ({ [scheme]: [scopeOf(operation)] })),
      )
      expect(SCOPES).toContain(scopeOf(operation))
      expect(operation.description).toContain(`Needs the scope ${scopeOf(operation)}: `)
    }
  })

  test('no other scope and no lower role does, and a refusal changes nothing', async () => {
    const before = await rows()
    for (const one of cases) {
      const needed = scopeOf(one.operation)
      for (const scope of SCOPES.filter((each) => each !== needed))
        expectRefused(await ask(prefix, one, tokens.get(scope)), needed, `${one.method} ${one.path} with ${scope}`)
      for (const role of ROLES.filter((each) => !scopesOf(each).some((scope) => scope === needed)))
        expectRefused(await ask(prefix, one, tokens.get(role)), needed, `${one.method} ${one.path} as ${role}`)
    }
    expect(await rows()).toEqual(before)
    expect(bench.api.calls).toEqual([])
  })

  test('the scope alone does, and is told before what is there', async () => {
    for (const one of cases) {
      const needed = scopeOf(one.operation)
      const other = tokens.get(SCOPES.find((scope) => scope !== needed) ?? '')
      if (one.path.includes(':uid')) {
        const missing = await bench.api.send(
          one.method,
          `${prefix}${one.path.replaceAll(/:\w+/g, '1')}`,
          undefined,
          other,
        )
        expectRefused(missing, needed, `${one.method} ${one.path} of nothing`)
      }
      const answer = await ask(prefix, one, tokens.get(needed))
      expect([one.method, one.path, answer.status]).toEqual([one.method, one.path, 200])
    }
    bench.api.calls.length = 0
  })
})
