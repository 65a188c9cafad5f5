import { type Bill, billsOf, type Line } from '../world/bills.ts'
import { type Agreement, flowsOf } from '../world/household.ts'
import { publishedDays } from '../world/ledger.ts'
import { dayReadings } from '../world/readings.ts'
import type { World } from '../world/world.ts'
import { escape, type Writer } from './xml.ts'

/** Starts of the billing periods whose details go in, and whether the latest bill's total goes in as well. */
export type Summaries = { details: readonly number[]; total: boolean }

type Target = { customer: string; agreement: Agreement; summaries: Summaries; asOf: number }

/**
 * Bills as two kinds of UsageSummary under one and the same link: the total of the latest bill (in a REVQ file twice,
 * differing only in costAdditionalLastPeriod), and the lines of every bill. Kinds are joined by billing period.
 */
export function* billEntries(world: World, writer: Writer, target: Target): Generator<string> {
  const bills = billsOf(world, target.agreement, target.asOf)
  const latest = bills.at(-1)
  const up = `RetailCustomer/${target.customer}/UsagePoint/${target.agreement.id}/UsageSummary`
  const self = `${up}/${target.agreement.id}`
  if (latest && target.summaries.total) {
    for (const additional of target.summaries.details.length > 0 ? [10, 0] : [0])
      yield writer.entry({
        links: [
          ['self', self],
          ['up', up],
        ],
        title: 'Usage Summary',
        content: totalOf(world, target, { bill: latest, additional }),
      })
  }
  for (const bill of bills.filter((b) => target.summaries.details.includes(b.period.start)))
    yield writer.entry({
      links: [
        ['up', up],
        ['self', self],
      ],
      title: 'Usage Summary',
      content: detailOf(bill),
    })
}

/** Start is midnight UTC of the local date: seven or eight hours before the local midnight of the intervals. */
const period = (bill: Bill): string =>
  `<billingPeriod><duration>${(bill.period.end - bill.period.start) * 86_400}</duration>\n      <start>${bill.period.start * 86_400}</start>\n    </billingPeriod>`

function totalOf(
  world: World,
  { agreement, asOf }: Target,
  { bill, additional }: { bill: Bill; additional: number },
): string {
  const current = unbilledVolume(world, agreement, { from: bill.period.end, asOf })
  const toDate = Math.round((current / 1000) * 0.3) * 1000
  return (
    `<UsageSummary xmlns="http://naesb.org/espi">${period(bill)}\n      <billLastPeriod>${bill.totalE5}</billLastPeriod>\n` +
    `      <billToDate>${toDate}</billToDate>\n      <costAdditionalLastPeriod>${additional}</costAdditionalLastPeriod>\n      <currency>840</currency>\n` +
    `      <overallConsumptionLastPeriod><powerOfTenMultiplier>0</powerOfTenMultiplier>\n        <uom>72</uom>\n        <value>${bill.consumption / 1000}</value>\n      </overallConsumptionLastPeriod>\n` +
    `      <currentBillingPeriodOverAllConsumption><powerOfTenMultiplier>0</powerOfTenMultiplier>\n        <timeStamp>${asOf}</timeStamp>\n        <uom>72</uom>\n        <value>${current}</value>\n      </currentBillingPeriodOverAllConsumption>\n` +
    `      <qualityOfReading>0</qualityOfReading>\n      <statusTimeStamp>${asOf}</statusTimeStamp>\n    </UsageSummary>`
  )
}

/** Wh since the last bill. */
function unbilledVolume(world: World, agreement: Agreement, { from, asOf }: { from: number; asOf: number }): number {
  let total = 0
  for (let day = from; day < publishedDays(world, agreement, asOf).until; day++)
    for (const flow of flowsOf(agreement))
      for (const value of dayReadings(world, agreement, { day, flow, asOf, billed: false }).values)
        total += flow === 1 ? value : -value
  return total / 1000
}

const detailOf = (bill: Bill): string =>
  `<UsageSummary xmlns="http://naesb.org/espi">${period(bill)}${bill.lines.map(lineOf).join('')}\n    <currency>840</currency>\n` +
  `    <statusTimeStamp>0</statusTimeStamp>\n    <tariffProfile>${escape(bill.tariff.profile)}</tariffProfile>\n  </UsageSummary>`

const lineOf = (line: Line): string =>
  `\n    <costAdditionalDetailLastPeriod><amount>${line.amountE5 ?? 0}</amount>\n      <rounding>0</rounding>\n      <dateTime>0</dateTime>\n      <note>${escape(line.note)}</note>\n` +
  `      <measurement><powerOfTenMultiplier>0</powerOfTenMultiplier>\n        <timeStamp>0</timeStamp>\n        <uom>72</uom>\n        <value>0</value>\n        <readingTypeRef>0</readingTypeRef>\n      </measurement>\n` +
  `      <itemKind>${line.kind}</itemKind>\n    </costAdditionalDetailLastPeriod>`
