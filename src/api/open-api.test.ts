import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'

import { apiFixture, type Fixture, PUBLIC_URL } from '../../test/api-fixture.ts'
import { makeObjects, type Objects, sampleOf } from '../../test/api-samples.ts'
import type { OpenApi, Operation } from './open-api.ts'
import { endpoints } from './register-api.ts'
import { nativeEndpoints } from './register-native-api.ts'

const versions = [
  { version: 'v2', all: endpoints },
  { version: 'v3', all: nativeEndpoints },
]

let api: Fixture
let objects: Objects
beforeAll(async () => void (api = await apiFixture()))
beforeEach(async () => void (objects = await makeObjects(api, api.ours, 'token-ours')))
afterAll(async () => await api.close())

async function documentOf(version: string): Promise<OpenApi> {
  const answer = await api.app.inject(`/api/${version}/openapi.json`)
  expect(answer.statusCode).toBe(200)
  return answer.json<OpenApi>()
}

function operationsOf({ paths }: OpenApi): { method: string; path: string; operation: Operation }[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
}

/** A schema of the document as something that checks answers, by its own text and not by what it was made from. */
function checkerOf(schema: object, { components }: OpenApi): z.ZodType {
  const whole = { ...schema, $defs: components.schemas }
  return z.fromJSONSchema(JSON.parse(JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/')))
}

describe.each(versions)('the document of $version', ({ version, all }) => {
  test('has every endpoint and no other, each operation named once and each path parameter declared', async () => {
    const operations = operationsOf(await documentOf(version))
    const named = operations.map(({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`)
    expect(named.toSorted()).toEqual(all.map(({ method, path }) => `${method} ${path}`).toSorted())
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length)
    for (const { path, operation } of operations) {
      const declared = operation.parameters
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => `{${name}}`)
      expect([path, declared]).toEqual([path, path.match(/\{\w+\}/g) ?? []])
      expect(operation.summary).toMatch(/^[A-Z].*[^.]$/)
    }
  })

  test('points to nothing that is not in it, and promises no end to new keys', async () => {
    const document = await documentOf(version)
    const text = JSON.stringify(document)
    const refs = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref)
    expect(refs.length).toBeGreaterThan(30)
    const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`)
    expect(refs.filter((ref) => !known.includes(ref))).toEqual([])
    expect(JSON.stringify(document.components)).not.toContain('"additionalProperties":false')
  })

  test('keeps its word: every operation answers a sample as its own text declares, and so does a refusal', async () => {
    const document = await documentOf(version)
    const inOrder = all.toSorted((a, b) => endOf(a) - endOf(b))
    for (const endpoint of inOrder) {
      const { address, body } = sampleOf(endpoint, objects)
      const declared = document.paths[endpoint.path.replaceAll(/:(\w+)/g, '{$1}')]?.[endpoint.method.toLowerCase()]
      const told = await api.send(endpoint.method, `/api/${version}${address}`, body)
      expect([endpoint.method, address, told.status, told.text]).toMatchObject([
        endpoint.method,
        address,
        200,
        expect.any(String),
      ])
      const [mediaType = '', { schema } = { schema: {} }] =
        Object.entries(declared?.responses['200']?.content ?? {})[0] ?? []
      const isJson = mediaType === 'application/json'
      expect(String(told.headers['content-type'])).toContain(
        isJson ? mediaType : /csv|xml|parquet/.exec(mediaType)?.[0],
      )
      const checked = isJson ? checkerOf(schema, document).safeParse(told.body) : { success: true }
      expect([endpoint.method, address, checked]).toMatchObject([endpoint.method, address, { success: true }])

      const refused = await api.send(endpoint.method, `/api/${version}${address}`, body, 'nobody')
      const [refusal] = Object.entries(declared?.responses['default']?.content ?? {})
      expect(String(refused.headers['content-type'])).toContain(refusal?.[0])
      expect(checkerOf(refusal?.[1].schema ?? {}, document).safeParse(refused.body).success).toBe(true)
    }
  })

  test('declares every format that an export can be asked for', async () => {
    const exports = operationsOf(await documentOf(version)).filter(({ path }) => path.startsWith('/exports/'))
    expect(exports.map(({ operation }) => Object.keys(operation.responses['200']?.content ?? {}))).toEqual(
      exports.map(() => ['application/vnd.apache.parquet', 'text/csv']),
    )
    expect(exports).toHaveLength(version === 'v3' ? 3 : 0)
  })

  test('is shown as a page that needs nothing from elsewhere', async () => {
    const { body, headers } = await api.app.inject(`/api/${version}/reference`)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(body).not.toMatch(/<script|<link|src=|@import|url\(/)
    for (const { operation } of operationsOf(await documentOf(version)))
      expect(body).toContain(`<h2 id="${operation.operationId}">`)
    expect(body).toContain('<a href="#Meter">')
    expect(body).toContain(PUBLIC_URL)
  })
})

/** What ends something goes behind the rest, and what deletes it last. */
function endOf({ method, path }: { method: string; path: string }): number {
  if (method === 'DELETE') return 2
  return path.endsWith('/revoke') ? 1 : 0
}

test('a checker made of the text refuses what is wrong', async () => {
  const document = await documentOf('v2')
  const checker = checkerOf({ $ref: '#/components/schemas/Meter' }, document)
  const { body } = await api.get(`/meters/${objects.meter}`)
  expect(checker.safeParse(body).success).toBe(true)
  for (const wrong of [
    { uid: 7 },
    { created: '2026-01-01' },
    { base: {} },
    { bill_count: 'x' },
    { is_archived: undefined },
  ])
    expect(checker.safeParse({ ...body, ...wrong }).success).toBe(false)
})
