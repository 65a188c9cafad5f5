import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { inspect } from './inspect.ts'

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
  return { code: await inspect(names, { json, out: (line) => void lines.push(line) }), lines }
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

it('a file that is not there is told as such', async () => {
  const lines: string[] = []
  expect(await inspect([path.join(folder, 'none.xml')], { json: true, out: (line) => void lines.push(line) })).toBe(1)
  expect(lines[0]).toContain('"code":"unreadable"')
})

it('the page for people has the figures and a chart', async () => {
  const { code, lines } = await run({ 'feed.xml': FEED, 'bad.xml': 'nothing' }, false)
  const page = lines.join('\n')
  expect(code).toBe(1)
  expect(page).toContain('sum 45035996273704955')
  expect(page).toContain('1 gaps, 1 overlaps, 1 repeated starts')
  expect(page).toContain('total 174.18')
  expect(page).toMatch(/[▁▂▃▄▅▆▇█]/)
  expect(page).toContain('✗')
})
