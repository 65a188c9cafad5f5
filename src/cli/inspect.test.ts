import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { readContents, readingsOf } from './inspect-contents.ts'
import { inspect } from './inspect.ts'

const stdin = Readable.from([])

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gbp-inspect-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

const FEED = `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:e="http://naesb.org/espi">
<entry><link rel="self" href="/UsagePoint/1"/><link rel="related" href="/UsagePoint/1/MeterReading"/><link rel="related" href="/UsagePoint/1/UsageSummary"/><content><e:UsagePoint><e:ServiceCategory><e:kind>0</e:kind></e:ServiceCategory></e:UsagePoint></content></entry>
<entry><link rel="self" href="/ReadingType/1"/><content><e:ReadingType><e:commodity>1</e:commodity><e:flowDirection>1</e:flowDirection><e:intervalLength>3600</e:intervalLength><e:powerOfTenMultiplier>-3</e:powerOfTenMultiplier><e:uom>72</e:uom></e:ReadingType></content></entry>
<entry><link rel="self" href="/UsagePoint/1/MeterReading/1"/><link rel="up" href="/UsagePoint/1/MeterReading"/><link rel="related" href="/UsagePoint/1/MeterReading/1/IntervalBlock"/><link rel="related" href="/ReadingType/1"/><content><e:MeterReading/></content></entry>
<entry><link rel="up" href="/UsagePoint/1/MeterReading/1/IntervalBlock"/><content><e:IntervalBlock>${[0, 3600, 3600, 5400, 14_400].map((start) => `<e:IntervalReading><e:cost>5</e:cost><e:timePeriod><e:duration>3600</e:duration><e:start>${start}</e:start></e:timePeriod><e:value>9007199254740991</e:value></e:IntervalReading>`).join('')}</e:IntervalBlock></content></entry>
<entry><link rel="up" href="/UsagePoint/1/UsageSummary"/><content><e:UsageSummary><e:billingPeriod><e:duration>100</e:duration><e:start>50</e:start></e:billingPeriod><e:billLastPeriod>17418000</e:billLastPeriod><e:costAdditionalDetailLastPeriod><e:amount>100</e:amount><e:note>a</e:note></e:costAdditionalDetailLastPeriod><e:overallConsumptionLastPeriod><e:value>5</e:value></e:overallConsumptionLastPeriod></e:UsageSummary></content></entry>
</feed>`

async function run(files: Record<string, string>, json: boolean): Promise<{ code: number; lines: string[] }> {
  const names: string[] = []
  for (const [name, text] of Object.entries(files)) {
    names.push(path.join(folder, name))
    await writeFile(path.join(folder, name), text)
  }
  const lines: string[] = []
  return { code: await inspect(names, { json, out: (line) => void lines.push(line), stdin }), lines }
}

it('one JSON document a line says what each file holds, exactly as sent', async () => {
  const { code, lines } = await run({ 'feed.xml': FEED }, true)
  expect(code).toBe(0)
  expect(lines).toHaveLength(1)
  const report: unknown = JSON.parse(lines[0] ?? '')
  expect(report).toMatchObject({
    file: path.join(folder, 'feed.xml'),
    ok: true,
    error: null,
    entries: 5,
    resources: {
      UsagePoint: 1,
      MeterReading: 1,
      ReadingType: 1,
      IntervalBlock: 1,
      IntervalReading: 5,
      UsageSummary: 1,
      Customer: 0,
      Meter: 0,
    },
    series: [
      {
        usage_point: '/UsagePoint/1',
        reading_type: '/ReadingType/1',
        uom: 72,
        power_of_ten_multiplier: -3,
        flow_direction: 1,
        commodity: 1,
        interval_length: 3600,
        readings: 5,
        sum_raw: '45035996273704955',
        cost_sum_raw: '25',
        start: 0,
        end: 18_000,
        gaps: 1,
        overlaps: 1,
        repeated_starts: 1,
      },
    ],
    bills: [
      {
        usage_point: '/UsagePoint/1',
        start: 50,
        end: 150,
        bill_last_period: '17418000',
        consumption: '5',
        lines: 1,
        lines_sum: '100',
      },
    ],
  })
})

it('a file that is no Green Button file says why, and the exit code is 1', async () => {
  const { code, lines } = await run(
    { 'good.xml': FEED, 'a.csv': 'a,b\n1,2\n', 'b.html': '<html/>', 'c.json': '{}', 'd.xml': '' },
    true,
  )
  expect(code).toBe(1)
  const reports = lines.map((line): unknown => JSON.parse(line))
  const refused = (why: string): unknown => ({
    ok: false,
    error: { code: why, message: expect.stringMatching(/^The body .*\. .*$/) },
  })
  expect(reports).toMatchObject([
    { ok: true, error: null },
    refused('not_xml'),
    refused('not_green_button'),
    refused('not_xml'),
    refused('not_xml'),
  ])
})

it('the document has exactly these keys, in this order', async () => {
  const { lines } = await run({ 'feed.xml': FEED, 'bad.xml': 'nothing' }, true)
  for (const line of lines) {
    const report: Record<string, unknown> = JSON.parse(line)
    expect(Object.keys(report)).toEqual(['file', 'ok', 'error', 'warnings', 'entries', 'resources', 'series', 'bills'])
    expect(Object.keys(report['resources'] ?? {}).slice(0, 15)).toEqual(
      'UsagePoint MeterReading ReadingType IntervalBlock IntervalReading UsageSummary ElectricPowerUsageSummary LocalTimeParameters Authorization ApplicationInformation Customer CustomerAccount CustomerAgreement ServiceLocation Meter'.split(
        ' ',
      ),
    )
  }
  expect(lines[0]).toContain(
    '"series":[{"usage_point":"/UsagePoint/1","reading_type":"/ReadingType/1","uom":72,"power_of_ten_multiplier":-3,"flow_direction":1,"commodity":1,"interval_length":3600,"readings":5,"sum_raw":"45035996273704955","cost_sum_raw":"25","start":0,"end":18000,"gaps":1,"overlaps":1,"repeated_starts":1}],"bills":[{"usage_point":"/UsagePoint/1","start":50,"end":150,"bill_last_period":"17418000","consumption":"5","lines":1,"lines_sum":"100"}]}',
  )
})

it.each([
  ['a file that is not there', 'none.xml', 'not_found'],
  ['a folder', '.', 'is_directory'],
])('%s is told as such, and the other files are read', async (_what, name, code) => {
  await writeFile(path.join(folder, 'feed.xml'), FEED)
  const files = [path.join(folder, name), path.join(folder, 'feed.xml')]
  const lines: string[] = []
  expect(await inspect(files, { json: true, out: (line) => void lines.push(line), stdin })).toBe(1)
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { ok: false, error: { code, message: expect.stringContaining('. ') }, entries: 0, series: [], bills: [] },
    { ok: true },
  ])
})

async function inspectStream(bytes: Uint8Array): Promise<unknown> {
  const lines: string[] = []
  const drip = Readable.from(Array.from(bytes, (_, at) => Buffer.from(bytes.subarray(at, at + 1))))
  await inspect(['-'], { json: true, out: (line) => void lines.push(line), stdin: drip })
  return JSON.parse(lines[0] ?? '')
}

it('standard input says the same as the file, also as gzip, and byte by byte', async () => {
  const { lines } = await run({ 'feed.xml': FEED }, true)
  const expected: unknown = { ...JSON.parse(lines[0] ?? ''), file: '-' }
  expect(await inspectStream(Buffer.from(FEED))).toEqual(expected)
  expect(await inspectStream(gzipSync(FEED))).toEqual(expected)
})

it.each([
  ['gzip that breaks off', gzipSync(FEED).subarray(0, 200), 'broken_gzip'],
  ['gzip that is none', Buffer.from([0x1f, 0x8b, 1, 2, 3]), 'broken_gzip'],
  ['gzip of a bomb', gzipSync(Buffer.alloc(2 ** 25, ' ')), 'inflation_ratio'],
  ['a zip archive', Buffer.from('PK\u0003\u0004abcdef'), 'not_xml'],
  ['a feed that breaks off', Buffer.from(FEED.slice(0, 900)), 'truncated'],
])('%s is refused with its reason', async (_what, bytes, code) => {
  expect(await inspectStream(bytes)).toMatchObject({ ok: false, error: { code } })
})

it('MeterReadings of one usage point and one reading type are one series', async () => {
  const second = FEED.replaceAll('MeterReading/1', 'MeterReading/2').replace(
    /^[\s\S]*?(<entry>[^\n]*MeterReading\/2"\/>)/,
    '$1',
  )
  const { lines } = await run({ 'feed.xml': FEED.replace('</feed>', second) }, true)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    series: [{ readings: 10, sum_raw: '90071992547409910', repeated_starts: 6, overlaps: 1, gaps: 1 }],
  })
})

it('what is beyond a million readings is counted and summed alike, but not looked at', async () => {
  const bytes = Buffer.from(FEED)
  const [whole, thin] = [await readContents(bytes), await readContents(bytes, 3)]
  expect([whole.whole, thin.whole]).toEqual([true, false])
  expect([...thin.sums.values()]).toEqual([...whole.sums.values()])
  expect(thin.entries.map((entry) => readingsOf(entry)?.start)).toEqual(
    whole.entries.map((entry) => readingsOf(entry)?.start),
  )
  expect(thin.entries.flatMap((entry) => readingsOf(entry)?.value.length ?? [])).toEqual([0])
})

it('a block that is left out elsewhere is counted, with the reason', async () => {
  const { lines } = await run({ 'feed.xml': FEED.replace('<e:start>0</e:start>', '<e:start>0.5</e:start>') }, true)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    ok: true,
    resources: { IntervalBlock: 1, IntervalReading: 5 },
    series: [{ readings: 5, sum_raw: '45035996273704955', start: 3600, end: 18_000 }],
    warnings: expect.arrayContaining([expect.objectContaining({ code: 'entry_left_out_not_a_number', count: 1 })]),
  })
})

it('the page for people has the figures and a chart', async () => {
  const { code, lines } = await run({ 'feed.xml': FEED, 'bad.xml': 'nothing' }, false)
  const page = lines.join('\n')
  expect(code).toBe(1)
  expect(page).toContain('Series delivered, Wh × 10^-3 at 1: 5 readings, sum 45035996273704955')
  expect(page).toContain('1 gaps, 1 overlaps, 1 repeated starts')
  expect(page).toContain('total 174.18')
  expect(page).toMatch(/[▁▂▃▄▅▆▇█]/)
  expect(page).toContain('✗')
})
