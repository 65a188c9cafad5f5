import { type Agreement, flowsOf } from '../world/household.ts'
import { midnight } from '../world/local-days.ts'
import { dayReadings } from '../world/readings.ts'
import type { World } from '../world/world.ts'
import { billEntries, type Summaries } from './summary-entries.ts'
import { createWriter, feedNumber, usageEnd, usageHead, type Writer } from './xml.ts'

/** One service account in a usage file: which days of readings, and which bills. */
export type Account = { customer: string; agreement: Agreement; days: readonly number[]; summaries: Summaries }

export type UsageFile = { name: string; revenue: boolean; asOf: number; accounts: readonly Account[] }

/**
 * A REVQ file (revenue quality 19, links written twice, one more reading type) or a file of unbilled intervals
 * (raw quality 14), piece by piece. All customers of the day are in one file.
 */
export function* usageFile(world: World, file: UsageFile): Generator<string> {
  const writer = createWriter(file.name, file.asOf)
  yield usageHead(file.name, file.asOf)
  yield localTimeEntry(writer)
  for (const account of file.accounts) {
    yield usagePointEntry(writer, file, account)
    for (const flow of flowsOf(account.agreement)) yield* channel(world, writer, { file, account, flow })
    yield* billEntries(world, writer, { ...account, asOf: file.asOf })
  }
  yield usageEnd
}

const localTimeEntry = (writer: Writer): string =>
  writer.entry({
    id: '65FA6809-6331-450F-8FCE-FC114D3C49CB',
    urn: true,
    links: [
      ['self', `LocalTimeParameters/${feedNumber}`],
      ['up', 'LocalTimeParameters'],
    ],
    title: 'DST for North America',
    content:
      '<LocalTimeParameters xmlns="http://naesb.org/espi"><dstEndRule>B40E</dstEndRule>\n      <dstOffset>3600</dstOffset>\n' +
      '      <dstStartRule>B60E</dstStartRule>\n      <tzOffset>-28800</tzOffset>\n    </LocalTimeParameters>',
  })

export const pointPath = (account: Pick<Account, 'customer' | 'agreement'>): string =>
  `RetailCustomer/${account.customer}/UsagePoint/${account.agreement.id}`

function usagePointEntry(writer: Writer, file: UsageFile, account: Account): string {
  const self = pointPath(account)
  const grid = file.revenue
    ? `\n      <nominalServiceVoltage><value>240</value>\n      </nominalServiceVoltage>\n      <outageRegion>A0${60 + (account.agreement.cycle % 30)}</outageRegion>\n      <readCycle>${account.agreement.cycle + 42}</readCycle>\n      <pricingNode>GOLETA_6_N200</pricingNode>\n      <loadAggregationPoint>SCNW</loadAggregationPoint>`
    : ''
  return writer.entry({
    urn: true,
    links: [
      ['self', self],
      ['up', self.slice(0, self.lastIndexOf('/'))],
      ['related', `${self}/MeterReading`],
      ['related', `${self}/UsageSummary`],
      ['related', `LocalTimeParameters/${feedNumber}`],
    ],
    title: 'Green Button Subscription Feed',
    content:
      '<UsagePoint xmlns="http://naesb.org/espi"><ServiceCategory><kind>0</kind>\n    </ServiceCategory>\n      <ServiceDeliveryPoint><name>sample tariff showing block and tier pricing</name>\n' +
      `        <tariffProfile>./TariffSample.xml</tariffProfile>\n      </ServiceDeliveryPoint>${grid}\n    </UsagePoint>`,
  })
}

type Channel = { file: UsageFile; account: Account; flow: 1 | 19 }

/** SCE's number of a channel: 1101 delivered; 1102 received is our guess, as no such file is public. */
const channelNumber = (flow: 1 | 19): string => (flow === 1 ? '1101' : '1102')

function* channel(world: World, writer: Writer, { file, account, flow }: Channel): Generator<string> {
  const { agreement } = account
  const type = `ReadingType/${channelNumber(flow)}${agreement.id}`
  const repeat = (links: [string, string][]): [string, string][] => (file.revenue ? [...links, ...links] : links)
  for (const behaviour of file.revenue ? [4, 2] : [4])
    yield writer.entry({
      links: repeat([
        ['self', type],
        ['up', 'ReadingType'],
      ]),
      title: 'Type of Meter Reading Data',
      content: readingType(agreement, { behaviour, quality: file.revenue ? 19 : 14, flow }),
    })
  const reading = `${pointPath(account)}/MeterReading/${channelNumber(flow)}`
  for (let copy = 0; copy < (file.revenue ? 2 : 1); copy++)
    yield writer.entry({
      links: repeat([
        ['self', reading],
        ['up', reading.slice(0, reading.lastIndexOf('/'))],
        ['related', `${reading}/IntervalBlock`],
        ['related', type],
      ]),
      title: 'Monthly Electricity Consumption',
      content:
        '<MeterReading xmlns="http://naesb.org/espi"><batchItemInfo><name></name>\n    </batchItemInfo>\n    </MeterReading>',
    })
  yield* blockEntry(world, writer, { reading, file, account, flow })
}

function readingType(agreement: Agreement, of: { behaviour: number; quality: number; flow: number }): string {
  const fields: [string, number][] = [
    ['accumulationBehaviour', of.behaviour],
    ['commodity', 1],
    ['currency', 840],
    ['dataQualifier', 12],
    ['defaultQuality', of.quality],
    ['flowDirection', of.flow],
    ['intervalLength', agreement.intervalLength],
    ['kind', 12],
    ['phase', 769],
    ['powerOfTenMultiplier', 0],
    ['timeAttribute', 7],
    ['uom', 72],
  ]
  const text = fields.map(([name, value]) => `<${name}>${value}</${name}>`).join('\n      ')
  return `<ReadingType xmlns="http://naesb.org/espi">${text}\n    </ReadingType>`
}

/** One block whatever the span, always with the id 1; in a REVQ file its interval is a day too long. */
function* blockEntry(world: World, writer: Writer, of: Channel & { reading: string }): Generator<string> {
  const { file, account, flow, reading } = of
  const first = account.days[0]
  const last = account.days.at(-1)
  if (first === undefined || last === undefined) return
  const start = midnight(first)
  const duration = midnight(last + 1) - start + (file.revenue ? 86_400 : 0)
  const parts = [
    `<IntervalBlock xmlns="http://naesb.org/espi"><interval><duration>${duration}</duration>\n      <start>${start}</start>\n    </interval>`,
  ]
  for (const day of account.days) {
    const readings = dayReadings(world, account.agreement, { day, flow, asOf: file.asOf, billed: file.revenue })
    readings.starts.forEach((at, i) => {
      parts.push(
        `\n      <IntervalReading><cost>0</cost>\n        <timePeriod><duration>${readings.durations[i]}</duration>\n          <start>${at}</start>\n        </timePeriod>\n` +
          `        <value>${(readings.values[i] ?? 0) / 1000}</value>\n      </IntervalReading>`,
      )
    })
  }
  if (parts.length === 1) return
  const links: [string, string][] = [
    ['self', `${reading}/IntervalBlock/1`],
    ['up', `${reading}/IntervalBlock`],
  ]
  const marker = '\u0000'
  const entry = writer.entry({
    links: file.revenue ? [...links, ...links] : links,
    title: 'Interval Block',
    content: marker,
  })
  const [head = '', tail = ''] = entry.split(marker)
  yield head
  yield* parts
  yield `\n    </IntervalBlock>${tail}`
}
