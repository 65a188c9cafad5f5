import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openApi } from '../../../src/api/open-api.ts'
import { endpoints } from '../../../src/api/register-api.ts'
import { nativeEndpoints } from '../../../src/api/register-native-api.ts'
import { type Answer, apiFixture, type Fixture, NOW, ownerOf, PUBLIC_URL } from '../../api-fixture.ts'
import { makeObjects, type Objects, sampleOf } from '../../api-samples.ts'
import { type Seed, seedCompany } from '../../database.ts'
import { sized } from '../size.ts'
import { type Case, casesOf, foreignFor, type Slot, unknownLike } from './slots.ts'

/** Uids tried in each slot: all kinds of objects, or the most fitting ones. */
const KINDS = sized(15, 1)
const LEAST = sized(600, 150)

const versions = [
  { prefix: '/api/v2', all: endpoints, isNative: false },
  { prefix: '/api/v3', all: nativeEndpoints, isNative: true },
].map(({ prefix, all, isNative }) => {
  const document = openApi({ publicUrl: PUBLIC_URL, prefix, endpoints: all, isNative })
  return { prefix, all, ...casesOf(document) }
})

let api: Fixture
let victim: Seed
let ours: Objects
let theirs: Objects
let before: unknown
let requests = 0
const statuses = new Map<number, number>()

beforeAll(async () => {
  api = await apiFixture({ authenticate: async (token) => ownerOf(token === 'token-victim' ? victim : api.theirs) })
  // The caller's first: whatever a cursor names, the caller's objects lie before it.
  theirs = await makeObjects(api, api.theirs, 'token-theirs')
  victim = await seedCompany(api.database.db, { now: NOW })
  ours = await makeObjects(api, victim, 'token-victim')
  before = await rowsOfOurs()
})
afterAll(async () => {
  console.log(`${requests} requests;`, Object.fromEntries(statuses))
  await api.close()
})

describe.each(versions)('at $prefix', ({ prefix, all, cases, unsorted }) => {
  test('no operation is left out, and every parameter is known to hold a uid or none', () => {
    expect(cases.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(
      all.map(({ method, path }) => `${method} ${path}`).toSorted(),
    )
    expect(unsorted).toEqual([])
  })

  test.each(cases)('$method $path answers a foreign uid as an unknown one', async (one) => {
    for (const slot of one.slots) {
      for (const foreign of foreignFor(slot, ours, KINDS)) {
        for (const write of slot.isList ? [alone, besideOwn(slot)] : [alone]) {
          const [of, unknown] = [
            await ask(prefix, one, slot, write(foreign)),
            await ask(prefix, one, slot, write(unknownLike(foreign))),
          ]
          const what = `${one.method} ${one.path} ${slot.place} ${slot.name}=${write(foreign)}`
          expect({ what, ...comparable(of, foreign) }).toEqual({ what, ...comparable(unknown, unknownLike(foreign)) })
          const isRight = slot.place !== 'path' || of.status === 404
          expect([what, isRight, leaked(of.text.replaceAll(foreign, ''))]).toEqual([what, true, []])
        }
      }
    }
    const { address, body } = sampleOf(one, theirs)
    if (one.method !== 'GET') return
    const own = await send(prefix, one.method, address, body)
    expect([address, own.status, leaked(own.text)]).toEqual([address, 200, []])
  })
})

test('nothing of ours was changed, nobody acted on it, and enough was asked', async () => {
  expect(await rowsOfOurs()).toEqual(before)
  expect(leaked(JSON.stringify(api.calls))).toEqual([])
  expect(requests).toBeGreaterThanOrEqual(LEAST)
})

const alone = (uid: string): string => uid

/** A list of the caller's own object and another: what is not the caller's is as if it were not there. */
function besideOwn({ name }: Slot): (uid: string) => string {
  const [own = ''] = foreignFor({ place: 'query', name, isList: true }, theirs, 1)
  return (uid) => `${own},${uid}`
}

async function ask(prefix: string, one: Case, { place, name, isList }: Slot, value: string): Promise<Answer> {
  const { address, body } = sampleOf(one, theirs)
  if (place === 'path') return await send(prefix, one.method, inPath(one.path, address, name, value), body)
  if (place === 'body') {
    const given = isList ? value.split(',') : value
    return await send(prefix, one.method, address, { ...body, [name]: given })
  }
  const url = new URL(address, PUBLIC_URL)
  url.searchParams.set(name, value)
  return await send(prefix, one.method, `${url.pathname}${url.search}`, body)
}

/** The address with another uid where the path has `:name`. */
function inPath(path: string, address: string, name: string, value: string): string {
  const at = path.split('/').indexOf(`:${name}`)
  const [pathname = '', query] = address.split('?')
  const changed = pathname.split('/').with(at, value).join('/')
  return query === undefined ? changed : `${changed}?${query}`
}

async function send(prefix: string, method: string, address: string, body: unknown): Promise<Answer> {
  requests++
  const verb = (['GET', 'POST', 'PATCH', 'DELETE'] as const).find((each) => each === method)
  if (verb === undefined) throw new Error(`${method} is no method of the API`)
  const answer = await api.send(verb, `${prefix}${address}`, body, 'token-theirs', { 'x-request-id': 'isolation' })
  statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
  return answer
}

/** Status, body and headers, without what belongs to the one request: its time, its place in the limit, the uid that it named. */
function comparable({ status, headers, text }: Answer, uid: string) {
  const { date: _date, ratelimit: _limit, ...rest } = headers
  return { status, headers: rest, text: text.replaceAll(uid, 'UID') }
}

/** Our uids in a text. */
function leaked(text: string): string[] {
  return Object.values(ours).filter((uid) => new RegExp(`(?<!\\d)${uid}(?!\\d)`).test(text))
}

/** Every row of our company, in every table that names one. */
async function rowsOfOurs(): Promise<unknown> {
  const { admin } = api.database
  const tables = await admin(
    `select table_name as name from information_schema.columns c
      where table_schema = 'public' and column_name = 'company_uid' order by 1`,
  )
  const rows: Record<string, unknown> = {}
  for (const { name } of tables) {
    const table = `"${String(name)}"`
    rows[table] = await admin(
      `select count(*)::int as rows, md5(string_agg(t::text, '|' order by t::text)) as hash from ${table} t where company_uid = $1`,
      [victim.companyUid],
    )
  }
  return rows
}
