import { once } from 'node:events'
import http from 'node:http'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { addMeter, addReadings, apiFixture, type Fixture, listOf, ownerOf } from '../../test/api-fixture.ts'
import type { Db } from '../storage/db.ts'

let api: Fixture
let authorization: string
beforeAll(async () => {
  api = await apiFixture()
  authorization = api.ours.authorizationUid
})
afterAll(async () => await api.close())

async function meterWith(facts: Parameters<typeof addMeter>[2], ...readings: Parameters<typeof addReadings>[2][]) {
  const meter = await addMeter(api, authorization, facts)
  for (const each of readings) await addReadings(api, [authorization, meter], each)
  return meter
}

const linesOf = (text: string): string[] => text.split('\r\n')

test('a file of readings has the columns of the incumbent, newest first, and text that no spreadsheet runs', async () => {
  const meter = await meterWith(
    { usagePoint: 'csv-1', serviceAddress: '=1+1, "Main" St', serviceTariff: 'E-1' },
    { start: '2026-11-01T07:30:00Z', values: [550_000, 100_000, 0, -20_000, null, 7], duration: 1800, source: '41' },
  )
  const { status, headers, text } = await api.get(
    `/files/intervals_csv?meters=${meter}&start=2026-11-01&end=2026-11-02`,
  )
  expect([status, headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8'])
  expect(headers['content-disposition']).toBe('attachment; filename="intervals.csv"')
  const before = `${meter},DEMO,1234222222-9,"'=1+1, ""Main"" St",1009999999,E-1`
  const behind = `https://proxy.example/api/v2/files/raw_feed/${authorization}/41,2026-11-25T12:00:00.000000+00:00,America/Los_Angeles`
  expect(linesOf(text)).toEqual([
    'meter_uid,utility,utility_service_id,utility_service_address,utility_meter_number,utility_tariff_name,interval_start,interval_end,interval_kWh,net_kWh,source,updated,interval_timezone',
    `${before},2026-11-01T02:00:00.000000-08:00,2026-11-01T02:30:00.000000-08:00,0.000007,0.000007,${behind}`,
    `${before},2026-11-01T01:00:00.000000-08:00,2026-11-01T01:30:00.000000-08:00,-0.02,-0.02,${behind}`,
    `${before},2026-11-01T01:30:00.000000-07:00,2026-11-01T01:00:00.000000-08:00,0,0,${behind}`,
    `${before},2026-11-01T01:00:00.000000-07:00,2026-11-01T01:30:00.000000-07:00,0.1,0.1,${behind}`,
    `${before},2026-11-01T00:30:00.000000-07:00,2026-11-01T01:00:00.000000-07:00,0.55,0.55,${behind}`,
    '',
  ])
})

test('a meter of another unit has no kWh; include=units tells its volume', async () => {
  const channel = { commodity: 'gas', quantified: 'energy', direction: 'none' } as const
  const start = '2026-07-01T07:00:00Z'
  const therms = await meterWith(
    { usagePoint: 'csv-2', commodity: 'gas' },
    { start, values: [1234], duration: 86_400, channel: { ...channel, unit: 'therm' } },
  )
  const joules = await meterWith(
    { usagePoint: 'csv-3', commodity: 'gas' },
    { start, values: [3_600_000], exponent: 0, duration: 86_400, channel: { ...channel, unit: 'J' } },
  )
  const plain = linesOf((await api.get(`/files/intervals_csv?meters=${therms}`)).text)
  expect(plain[1]).toContain('-07:00,,,https://')
  const { text } = await api.get(`/files/intervals_csv?meters=${therms},${joules}&include=units`)
  expect(linesOf(text).map((line) => line.split(',').slice(-2).join(' '))).toEqual([
    'interval_volume interval_unit',
    '1 kwh',
    '1.234 therms',
    '',
  ])
})

test('rows, columns and the file of one meter have one sum, over pages of months', async () => {
  const values = Array.from({ length: 3000 }, (_, at) => (at * 7919) % 100_000)
  const meter = await meterWith({ usagePoint: 'csv-4' }, { start: '2026-01-01T08:00:00Z', values, duration: 7200 })
  const sum = values.reduce((all, value) => all + value, 0)
  const rows = listOf<{ readings: { kwh: number }[] }>(await api.get(`/intervals?meters=${meter}`), 'intervals')
  const kwh = rows.flatMap(({ readings }) => readings.map((reading) => Math.round(reading.kwh * 1e6)))
  expect(kwh.reduce((all, value) => all + value, 0)).toBe(sum)
  const columns = listOf<{ blocks: string[]; columns: { exponent: number; unit: string; values: number[] }[] }>(
    await api.get(`/intervals?meters=${meter}&include=columns`),
    'intervals',
  )
  expect(columns[0]).toMatchObject({ blocks: ['base', 'sources', 'columns'], columns: [{ exponent: -6, unit: 'kwh' }] })
  const told = columns.flatMap((month) => month.columns.flatMap((line) => line.values))
  expect(told.reduce((all, value) => all + value, 0)).toBe(sum)
  const { text } = await api.get(`/files/intervals_csv?meters=${meter}&limit=2`)
  const cells = linesOf(text)
    .slice(1, -1)
    .map((line) => line.split(','))
  expect(cells).toHaveLength(values.length)
  expect(cells.reduce((all, cell) => all + Math.round(Number(cell.at(-5)) * 1e6), 0)).toBe(sum)
})

test('of another company a file has nothing', async () => {
  const meter = await meterWith({ usagePoint: 'csv-5' }, { start: '2026-07-01T07:00:00Z', values: [1] })
  expect((await api.get(`/files/intervals_csv?meters=${meter}`, 'token-theirs')).status).toBe(404)
  expect((await api.get('/files/intervals_csv')).body).toMatchObject({ error: 'required_param_missing' })
})

test.each(['/intervals?', '/files/intervals_csv?'])(
  '%s is compressed for clients that ask for it, and for no others',
  async (path) => {
    const values = Array.from({ length: 3000 }, (_, at) => (at * 7919) % 900_000)
    const meter = await meterWith({ usagePoint: `packed ${path}` }, { start: '2026-07-01T07:00:00Z', values })
    const ask = async (accepted: string) => {
      const headers = {
        authorization: 'Bearer token-ours',
        ...(accepted === '' ? {} : { 'accept-encoding': accepted }),
      }
      const answer = await api.app.inject({ url: `/api/v2${path}meters=${meter}`, headers })
      expect(answer.statusCode).toBe(200)
      return { encoding: answer.headers['content-encoding'], vary: answer.headers['vary'], bytes: answer.rawPayload }
    }
    const plain = await ask('')
    expect([plain.encoding, plain.vary]).toEqual([undefined, 'accept-encoding'])
    for (const accepted of ['identity', 'br', 'gzip;q=0', '*']) expect(await ask(accepted)).toEqual(plain)
    for (const accepted of ['gzip, deflate', 'br, GZIP;q=0.5', 'zstd;q=0.1, gzip']) {
      const { encoding, bytes } = await ask(accepted)
      expect([encoding, gunzipSync(bytes)]).toEqual(['gzip', plain.bytes])
    }
    const packed = await ask('gzip, deflate, br, zstd')
    expect([packed.encoding, zstdDecompressSync(packed.bytes)]).toEqual(['zstd', plain.bytes])
    expect(packed.bytes.length * 5).toBeLessThan(plain.bytes.length)
  },
)

test.each(['/intervals?', '/files/intervals_csv?'])(
  'a client of %s that goes away leaves nothing running',
  async (path) => {
    let begun = 0
    const running = new Set<Promise<unknown>>()
    const counted = (db: Db): Db => ({
      ...db,
      company: async (companyUid, work) => {
        begun++
        const transaction = db.company(companyUid, work)
        running.add(transaction)
        return await transaction.finally(() => running.delete(transaction))
      },
    })
    const other = await apiFixture()
    const own = await apiFixture({ db: counted(other.database.db), authenticate: async () => ownerOf(other.ours) })
    try {
      const quarters = Array.from({ length: 70_000 }, (_, at) => (at * 7919) % 900_000)
      const uids: string[] = []
      for (const usagePoint of ['a', 'b', 'c']) {
        const meter = await addMeter(other, other.ours.authorizationUid, { usagePoint })
        await addReadings(other, [other.ours.authorizationUid, meter], {
          start: '2024-11-26T08:00:00Z',
          values: quarters,
        })
        uids.push(meter)
      }
      const address = new URL(await own.app.listen({ port: 0, host: '127.0.0.1' }))
      const answered = once(own.app.server, 'request')
      const request = http.get(`${address.origin}/api/v2${path}meters=${uids.join(',')}`, {
        headers: { authorization: 'Bearer any' },
      })
      const [[, response], [answer]] = await Promise.all([answered, once(request, 'response')])
      await once(answer, 'readable') // and no more: what is written has to wait for us
      const closed = once(response, 'close')
      request.destroy()
      await closed
      // What had begun comes to its next pause; after that nothing begins any more.
      const busy = `select from pg_stat_activity
        where application_name = 'green-button-proxy' and datname = current_database() and state <> 'idle'`
      for (let seen = -1; seen !== begun;) {
        seen = begun
        await Promise.all(running)
        await other.database.admin('select')
      }
      expect([running.size, await other.database.admin(busy)]).toEqual([0, []])
      // Seventy-five months, a dozen at a time: most were never asked for.
      expect(begun).toBeLessThan(2 + 75 / 12)
    } finally {
      await own.close()
      await other.close()
    }
  },
)
