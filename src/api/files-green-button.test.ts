import { randomBytes } from 'node:crypto'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { addMeter, addReadings, apiFixture, type Fixture, listOf, NOW } from '../../test/api-fixture.ts'
import { seedAuthorization } from '../../test/database.ts'
import { addGreenButtonMeter } from '../../test/green-button-meter.ts'
import { importFeeds } from '../collection/import-feeds.ts'
import { parseBytes } from '../espi/parse.ts'
import { listMeterFacts } from '../storage/meters.ts'
import { openEnvelope } from '../storage/secrets.ts'
import { listTemplates } from '../storage/templates.ts'
import { decodeFeed, decodingOf } from '../utilities/decode.ts'
import { utilities } from '../utilities/index.ts'

let api: Fixture
let authorization: string
let meter: string
beforeAll(async () => {
  api = await apiFixture()
  authorization = api.ours.authorizationUid
  meter = await addGreenButtonMeter(api, authorization)
})
afterAll(async () => await api.close())

async function xmlOf(uid: string, more = ''): Promise<Buffer> {
  const { status, headers, text } = await api.get(`/files/intervals_xml?meters=${uid}${more}`)
  expect([status, headers['content-type'], text.slice(0, 200)]).toEqual([
    200,
    'application/atom+xml; charset=utf-8',
    expect.any(String),
  ])
  return Buffer.from(text)
}

const demo = utilities.find(({ id }) => id === 'DEMO')
function decode(bytes: Buffer) {
  if (!demo) throw new Error('no demo utility')
  return decodeFeed(bytes, decodingOf(demo))
}

type Interval = { readings: { start: string; end: string; kwh: number }[] }
type Listed = Record<string, unknown> & { base: object }

async function kwhOf(uid: string): Promise<[string, number][]> {
  const months = listOf<Interval>(await api.get(`/intervals?meters=${uid}`), 'intervals')
  return months.flatMap(({ readings }) => readings.map(({ start, kwh }): [string, number] => [start, kwh]))
}

/** What a bill says, without what names it or tells when and whence it came. */
async function billsOf(uid: string): Promise<object[]> {
  const bills = listOf<Listed>(await api.get(`/bills?meters=${uid}`), 'bills')
  return bills.map(({ base, line_items, tou, tiers, demand, suppliers }) => {
    const said = Object.entries({ ...base }).filter(([name]) => /^bill_|^service_tariff$/.test(name))
    return { said, line_items, tou, tiers, demand, suppliers }
  })
}

test('the feed of a meter says what JSON and CSV say: one sum, every reading once', async () => {
  const feed = decode(await xmlOf(meter))
  const delivered = feed.series.find(({ channel }) => channel.direction === 'delivered' && channel.unit === 'Wh')
  const received = feed.series.find(({ channel }) => channel.direction === 'received')
  const sum = (values: Iterable<number>) => [...values].reduce((all, value) => all + value, 0)
  const scale = (exponent = 0) => 10 ** (exponent + 3)
  const net =
    sum(delivered?.value ?? []) * scale(delivered?.exponent) - sum(received?.value ?? []) * scale(received?.exponent)
  const rows = await kwhOf(meter)
  expect(rows.length).toBeGreaterThan(400)
  expect(net).toBe(sum(rows.map(([, kwh]) => Math.round(kwh * 1e6))))
  const { text } = await api.get(`/files/intervals_csv?meters=${meter}`)
  const cells = text.split('\r\n').slice(1, -1)
  expect(net).toBe(sum(cells.map((line) => Math.round(Number(line.split(',').at(-5)) * 1e6))))
  expect(feed.series.map(({ channel }) => `${channel.quantified} ${channel.direction}`).toSorted()).toEqual([
    'demand delivered',
    'energy delivered',
    'energy received',
  ])
  expect([feed.warnings, feed.quarantined]).toEqual([[], []])
})

test('imported again, it gives the same readings and bills', async () => {
  if (!demo) throw new Error('no demo utility')
  const [template] = await api.database.db.operator((tx) => listTemplates(tx, api.ours.companyUid))
  if (!template) throw new Error('no template')
  const deps = { db: api.database.db, envelope: openEnvelope(randomBytes(32)), now: () => NOW }
  const files = [{ name: 'out.xml', bytes: await xmlOf(meter) }]
  const { authorizationUid, warnings } = await importFeeds(deps, { template, utility: demo, files })
  expect(warnings).toEqual([])
  const [again] = await api.database.db.operator((tx) => listMeterFacts(tx, authorizationUid ?? ''))
  expect(again?.facts).toMatchObject({ commodity: 'electricity', serviceTariff: 'E-19', status: 'active' })
  expect(await kwhOf(again?.meterUid ?? '')).toEqual(await kwhOf(meter))
  const bills = await billsOf(meter)
  expect(bills).toHaveLength(2)
  expect(await billsOf(again?.meterUid ?? '')).toEqual(bills)
  const [first, second] = [await exported(meter), await exported(again?.meterUid ?? '')]
  expect(second).toEqual(first)
})

/** Readings of all channels with their quality, as the bulk export has them. */
async function exported(uid: string): Promise<string[]> {
  const { text } = await api.get(`/api/v3/exports/intervals?meters=${uid}&format=csv`)
  return text.split('\r\n').map((line) => line.split(',').slice(2).join(','))
}

test('ids stay when more comes, and are those of the same things in a part of it', async () => {
  const uid = await addMeter(api, authorization, { usagePoint: 'stays' })
  await addReadings(api, [authorization, uid], { start: '2026-07-01T07:00:00Z', values: [1, 2, 3] })
  const idsOf = async (more = '') => parseBytes(await xmlOf(uid, more)).entries.map(({ id }) => id)
  const before = await idsOf()
  await addReadings(api, [authorization, uid], { start: '2026-07-20T07:00:00Z', values: [4, 5] })
  expect(await idsOf()).toEqual(before)
  await addReadings(api, [authorization, uid], { start: '2026-08-20T07:00:00Z', values: [4, 5], exponent: -4 })
  const after = await idsOf()
  expect(after.filter((id) => before.includes(id))).toEqual(before)
  expect(new Set(after).size).toBe(after.length)
  expect(await idsOf('&start=2026-07-01&end=2026-08-01')).toEqual(before)
  for (const id of after) expect(id).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5/)
})

test('gas, several meters under one agreement and times of use come through', async () => {
  const uid = await addMeter(api, authorization, { usagePoint: 'gas', commodity: 'gas' })
  const gas = { commodity: 'gas', direction: 'none' } as const
  const start = '2026-07-01T07:00:00Z'
  const place: [string, string] = [authorization, uid]
  const channel = { ...gas, quantified: 'volume', unit: 'ft3' } as const
  await addReadings(api, place, { start, values: [1, 2], duration: 86_400, channel: { ...channel, part: 'a b/ü' } })
  await addReadings(api, place, { start, values: [3, 4], duration: 86_400, channel: { ...channel, part: '2' } })
  const register = { ...gas, quantified: 'register', unit: 'ft3' } as const
  await addReadings(api, place, { start, values: [100, 101], duration: 86_400, channel: register })
  const { series, warnings } = decode(await xmlOf(uid))
  const told = series.map((each) => [each.channel.quantified, each.channel.unit, [...each.value], each.exponent])
  expect(told.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
    ['register', 'ft3', [100, 101], -3],
    ['volume', 'ft3', [1, 2], -3],
    ['volume', 'ft3', [3, 4], -3],
  ])
  expect(warnings.map(({ code }) => code)).toEqual(['several_meters'])
})

test('a feed is of one meter of the own company', async () => {
  const other = await seedAuthorization(api.database.db, api.theirs, { now: NOW })
  const theirs = await addMeter(api, other, { usagePoint: 'theirs' })
  expect((await api.get(`/files/intervals_xml?meters=${theirs}`)).status).toBe(404)
  expect((await api.get(`/files/intervals_xml?meters=${meter},1`)).body).toMatchObject({ error: 'invalid_param' })
  expect((await api.get('/files/intervals_xml')).body).toMatchObject({ error: 'required_param_missing' })
})
