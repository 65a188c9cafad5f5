import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { addMeter, addReadings, apiFixture, type Fixture, listOf, words } from '../../test/api-fixture.ts'
import { seedAuthorization } from '../../test/database.ts'

let api: Fixture
let authorization: string
beforeAll(async () => {
  api = await apiFixture()
  authorization = api.ours.authorizationUid
})
afterAll(async () => await api.close())

type Reading = { start: string; end: string; kwh: number | null; datapoints: object[] }
type Interval = { notes: object[]; readings: Reading[] }
const intervalsOf = async (path: string): Promise<Interval[]> => listOf<Interval>(await api.get(path), 'intervals')
const readingsOf = async (path: string): Promise<Reading[]> =>
  (await intervalsOf(path)).flatMap(({ readings }) => readings)

const KEYS = words(`
  uid meter_uid authorization_uid created updated notes utility blocks base sources readings`)

let usagePoints = 0
async function meterWith(readings: Omit<Parameters<typeof addReadings>[2], 'zone'>[]) {
  const facts = { usagePoint: `up-${++usagePoints}` }
  const meter = await addMeter(api, authorization, facts)
  for (const each of readings) await addReadings(api, [authorization, meter], each)
  return meter
}

test('a month is one object with every key in order, readings newest first, one net datapoint each', async () => {
  const meter = await meterWith([{ start: '2026-07-01T07:00:00Z', values: [550_000, 100_000, 0], source: '41' }])
  const answer = await api.get(`/intervals?meters=${meter}`)
  expect(answer.status).toBe(200)
  expect(Object.keys(answer.body)).toEqual(['intervals', 'next', 'is_incomplete'])
  expect(answer.body).toMatchObject({ next: null, is_incomplete: true })
  const [interval = {}, ...others] = listOf(answer, 'intervals')
  expect(others).toEqual([])
  expect(Object.keys(interval)).toEqual(KEYS)
  expect(interval['blocks']).toEqual(['base', 'sources', 'readings'])
  expect(interval['uid']).toMatch(/^\d+$/)
  expect(interval['base']).toEqual({
    service_identifier: '1234222222-9',
    service_tariff: 'E-TOU-C',
    service_address: '123 Main St, Berkeley CA 94703',
    meter_numbers: ['1009999999'],
    qualities: ['revenue'],
  })
  expect(interval['sources']).toEqual([
    { type: 'greenbutton_cmd', raw_url: `https://proxy.example/api/v2/files/raw_feed/${authorization}/41` },
  ])
  expect(interval['readings']).toEqual([
    {
      start: '2026-07-01T00:30:00.000000-07:00',
      end: '2026-07-01T00:45:00.000000-07:00',
      kwh: 0,
      datapoints: [{ type: 'net', unit: 'kwh', value: 0 }],
    },
    {
      start: '2026-07-01T00:15:00.000000-07:00',
      end: '2026-07-01T00:30:00.000000-07:00',
      kwh: 0.1,
      datapoints: [{ type: 'net', unit: 'kwh', value: 0.1 }],
    },
    {
      start: '2026-07-01T00:00:00.000000-07:00',
      end: '2026-07-01T00:15:00.000000-07:00',
      kwh: 0.55,
      datapoints: [{ type: 'net', unit: 'kwh', value: 0.55 }],
    },
  ])
  expect(answer.text).toContain(
    '{"start":"2026-07-01T00:30:00.000000-07:00","end":"2026-07-01T00:45:00.000000-07:00","kwh":0,"datapoints":[{"type":',
  )
})

test('net is delivered minus received, exact; both are told with include=directions', async () => {
  const meter = await meterWith([
    { start: '2026-07-01T07:00:00Z', values: [300_000, 100_000] },
    { start: '2026-07-01T07:00:00Z', values: [1_000, 2_000], exponent: -1, channel: { direction: 'received' } },
  ])
  const plain = await readingsOf(`/intervals?meters=${meter}`)
  expect(plain.map(({ kwh }) => kwh)).toEqual([-0.1, 0.2])
  expect(plain[1]?.datapoints).toEqual([{ type: 'net', unit: 'kwh', value: 0.2 }])
  const both = await readingsOf(`/intervals?meters=${meter}&include=directions`)
  expect(both[1]?.datapoints).toEqual([
    { type: 'net', unit: 'kwh', value: 0.2 },
    { type: 'forward', unit: 'kwh', value: 0.3 },
    { type: 'reverse', unit: 'kwh', value: 0.1 },
  ])
})

test('a reading whose other direction is missing is no net: left out and noted; before solar nothing is missing', async () => {
  const meter = await meterWith([
    { start: '2026-07-01T07:00:00Z', values: [1000, 2000, 3000, 4000, 5000] },
    { start: '2026-07-01T07:15:00Z', values: [500, null, 500], channel: { direction: 'received' } },
  ])
  const [interval] = await intervalsOf(`/intervals?meters=${meter}`)
  expect(interval?.readings.map(({ kwh }) => kwh)).toEqual([0.005, 0.0035, 0.0015, 0.001])
  expect(interval?.notes).toEqual([
    { type: 'strange', msg: expect.stringMatching(/^1 reading/), ts: expect.any(String) },
  ])
  const opened = await readingsOf(`/intervals?meters=${meter}&include=directions`)
  expect(opened[2]).toMatchObject({ kwh: null, datapoints: [{ type: 'forward', unit: 'kwh', value: 0.003 }] })
})

test("the utility's own net serves where directions do not", async () => {
  const meter = await meterWith([{ start: '2026-07-01T07:00:00Z', values: [-7_000], channel: { direction: 'net' } }])
  const readings = await readingsOf(`/intervals?meters=${meter}`)
  expect(readings[0]).toMatchObject({ kwh: -0.007, datapoints: [{ type: 'net', value: -0.007 }] })
})

test('gas is in its own unit and never under kwh', async () => {
  const gas = { commodity: 'gas', quantified: 'energy', unit: 'therm' } as const
  const volume = { commodity: 'gas', quantified: 'volume', unit: 'ft3' } as const
  const start = '2026-07-01T07:00:00Z'
  const meter = await meterWith([
    { start, values: [1234], exponent: -3, duration: 86_400, channel: gas },
    { start, values: [119], exponent: 0, duration: 86_400, channel: volume },
  ])
  const readings = await readingsOf(`/intervals?meters=${meter}`)
  expect(readings).toEqual([
    expect.objectContaining({ kwh: null, datapoints: [{ type: 'net', unit: 'therms', value: 1.234 }] }),
  ])
  const cubic = await meterWith([{ start, values: [119], exponent: 0, duration: 86_400, channel: volume }])
  const [second] = await readingsOf(`/intervals?meters=${cubic}`)
  expect(second?.datapoints).toEqual([{ type: 'net', unit: 'ccf', value: 1.19 }])
})

test('several physical meters are one reading whose datapoints add up to its kwh', async () => {
  const start = '2026-07-01T07:00:00Z'
  const meter = await meterWith([
    { start, values: [100_000], channel: { part: 'm-1' } },
    { start, values: [200_000], channel: { part: 'm-2/x' } },
  ])
  const readings = await readingsOf(`/intervals?meters=${meter}`)
  expect(readings).toHaveLength(1)
  expect(readings[0]).toMatchObject({
    kwh: 0.3,
    datapoints: [
      { type: 'net', unit: 'kwh', value: 0.1, meter_number: 'm-1' },
      { type: 'net', unit: 'kwh', value: 0.2, meter_number: 'm-2/x' },
    ],
  })
})

describe('local time', () => {
  const starts = async (meter: string, filter = '') =>
    (await intervalsOf(`/intervals?meters=${meter}&order=earliest_first${filter}`)).flatMap(({ readings }) =>
      readings.map(({ start }) => start).reverse(),
    )

  test('a spring day has 23 hours and changes its offset', async () => {
    const meter = await meterWith([{ start: '2026-03-08T08:00:00Z', values: Array(23).fill(1000), duration: 3600 }])
    const found = await starts(meter)
    expect(found).toHaveLength(23)
    expect(found.slice(0, 3)).toEqual([
      '2026-03-08T00:00:00.000000-08:00',
      '2026-03-08T01:00:00.000000-08:00',
      '2026-03-08T03:00:00.000000-07:00',
    ])
    expect(await starts(meter, '&start=2026-03-08&end=2026-03-09')).toHaveLength(23)
  })

  test('an autumn day has 25 hours, and both hours at one differ by their offset', async () => {
    const meter = await meterWith([{ start: '2026-11-01T06:00:00Z', values: Array(28).fill(1000), duration: 3600 }])
    const found = await starts(meter, '&start=2026-11-01&end=2026-11-02')
    expect(found).toHaveLength(25)
    expect(found.slice(0, 4)).toEqual([
      '2026-11-01T00:00:00.000000-07:00',
      '2026-11-01T01:00:00.000000-07:00',
      '2026-11-01T01:00:00.000000-08:00',
      '2026-11-01T02:00:00.000000-08:00',
    ])
    expect(await starts(meter)).toEqual([
      '2026-10-31T23:00:00.000000-07:00',
      ...found,
      ...(await starts(meter)).slice(-2),
    ])
  })

  test('a date means the midnight of the meter’s own utility, whichever was asked for before', async () => {
    const west = await meterWith([{ start: '2026-07-01T04:00:00Z', values: [1000, 1000, 1000], duration: 3600 }])
    const easternOf = await seedAuthorization(api.database.db, api.ours, { utility: 'CONSUMERS' })
    const east = await addMeter(api, easternOf, { usagePoint: 'east' })
    const hours = { start: '2026-07-01T04:00:00Z', values: [1000, 1000, 1000], duration: 3600, zone: 'America/Detroit' }
    await addReadings(api, [easternOf, east], hours)
    for (const [first, second] of [
      [west, east],
      [east, west],
    ] as const) {
      const told = [await starts(first, '&start=2026-07-01'), await starts(second, '&start=2026-07-01')]
      expect(told.map(({ length }) => length)).toEqual(first === west ? [0, 3] : [3, 0])
    }
  })

  test('start and end cut readings: local midnights, offsets, a plus that became a blank', async () => {
    const meter = await meterWith([{ start: '2026-06-30T07:00:00Z', values: Array(72).fill(1000), duration: 3600 }])
    expect(await starts(meter, '&start=2026-07-01')).toHaveLength(48)
    expect(await starts(meter, '&start=2026-07-01T12:00:00&end=2026-07-01T14:00:00-07:00')).toEqual([
      '2026-07-01T12:00:00.000000-07:00',
      '2026-07-01T13:00:00.000000-07:00',
    ])
    expect(await starts(meter, '&start=2026-07-01T07:00:00Z&end=2026-07-01T08:30:00.000000+00:00')).toHaveLength(1)
    expect(await starts(meter, '&start=2020-01-01&end=2020-02-01')).toEqual([])
  })

  test.each(['yesterday', '2026-02-30', '2026-07-01T25:00:00Z', '2026-07-01 12:00', '1751353200'])(
    '%s is no time',
    async (start) => {
      const { status, body } = await api.get(`/intervals?meters=1&start=${encodeURIComponent(start)}`)
      expect(status).toBe(400)
      expect(body).toMatchObject({ error: 'invalid_param', error_description: expect.stringContaining('"start"') })
    },
  )
})

describe('pages', () => {
  test('go through every month once, in either order, and keep all filters', async () => {
    const meter = await meterWith([
      { start: '2026-01-15T08:00:00Z', values: Array(5).fill(1000), duration: 30 * 86_400 - 7200 },
    ])
    const address = `https://proxy.example/api/v2/intervals?meters=${meter}`
    for (const order of ['latest_first', 'earliest_first']) {
      const months: string[] = []
      const nexts: unknown[] = [`${address}&order=${order}&limit=2&start=2026-01-01&access_token=secret`]
      for (let at = 0; typeof nexts[at] === 'string' && at < 9; at++) {
        const answer = await api.get(String(nexts[at]))
        months.push(
          ...listOf<Interval>(answer, 'intervals').map(({ readings }) => readings[0]?.start.slice(0, 7) ?? ''),
        )
        nexts.push(answer.body['next'])
      }
      const expected = ['2026-05', '2026-04', '2026-03', '2026-02', '2026-01']
      expect(months).toEqual(order === 'latest_first' ? expected : expected.toReversed())
      const following = expect.stringContaining(`${address}&order=${order}&limit=2&start=2026-01-01&after=`)
      expect(nexts.slice(1)).toEqual([following, following, null])
    }
  })

  test('a cursor that names nothing is an error, not an empty end', async () => {
    const meter = await meterWith([{ start: '2026-07-01T07:00:00Z', values: [1] }])
    const { status, body } = await api.get(`/intervals?meters=${meter}&after=123456789012`)
    expect([status, body['error'], body['error_description']]).toEqual([
      400,
      'invalid_param',
      expect.stringContaining('"after"'),
    ])
  })
})

test('a year of quarter hours comes whole', async () => {
  const meter = await meterWith([
    { start: '2025-01-01T08:00:00Z', values: Array.from({ length: 35_040 }, (_, at) => (at * 7919) % 900_000) },
    {
      start: '2025-01-01T08:00:00Z',
      values: Array.from({ length: 35_040 }, (_, at) => (at * 104_729) % 900_000),
      channel: { direction: 'received' },
    },
  ])
  const intervals = await intervalsOf(`/intervals?meters=${meter}`)
  expect(intervals).toHaveLength(12)
  const readings = intervals.flatMap((interval) => interval.readings)
  expect(readings).toHaveLength(35_040)
  expect(readings[0]?.start).toBe('2025-12-31T23:45:00.000000-08:00')
})

test('nothing found is told as the incumbent tells it; a meter without readings is an empty list', async () => {
  const empty = await api.get('/intervals?meters=123')
  expect([empty.status, empty.body['error'], empty.body['error_description']]).toEqual([
    404,
    'not_found',
    'No meters or authorizations found matching the given filter parameters.',
  ])
  const meter = await meterWith([])
  expect((await api.get(`/intervals?meters=${meter}`)).body).toEqual({ intervals: [], next: null, is_incomplete: true })
})

test('filters are ANDed, and a meter of another authorization or company is not there', async () => {
  const meter = await meterWith([{ start: '2026-07-01T07:00:00Z', values: [1] }])
  const other = await seedAuthorization(api.database.db, api.ours)
  expect((await api.get(`/intervals?meters=${meter}&authorizations=${authorization}`)).status).toBe(200)
  expect((await api.get(`/intervals?meters=${meter}&authorizations=${other}`)).status).toBe(404)
  const foreign = await api.get(`/intervals?meters=${meter}`, 'token-theirs')
  expect(foreign.body).toEqual((await api.get('/intervals?meters=999')).body)
  expect((await api.get(`/intervals?meters=${meter}&limit=0`)).status).toBe(400)
  expect((await api.get('/intervals')).body).toMatchObject({ error: 'required_param_missing' })
})

test('more meters than fit into an answer are refused by name, and so many are not', async () => {
  const authorizationUid = await seedAuthorization(api.database.db, api.ours)
  const add = async (from: number, to: number): Promise<unknown> =>
    await api.database.admin(
      `insert into meters (authorization_uid, meter_uid, company_uid, usage_point, facts, status_ts, created, updated)
       select authorization_uid, authorization_uid * 1048576 + n, company_uid, n, '{}', now(), now(), now()
         from authorizations cross join generate_series($2::int, $3::int) as n where authorization_uid = $1`,
      [authorizationUid, from, to],
    )
  await add(1, 20_000)
  const first = await api.get(`/bills?authorizations=${authorizationUid}`)
  expect(first.status).toBe(200)
  await add(20_001, 20_001)
  expect(await api.get(`/bills?authorizations=${authorizationUid}`)).toMatchObject({
    status: 400,
    body: {
      error: 'invalid_param',
      error_description: expect.stringMatching(/authorizations.*has more than 20000 meters/),
    },
  })
}, 60_000)
