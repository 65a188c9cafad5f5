import { type Bill, type Line, periodSeconds } from '../world/bills.ts'
import type { Agreement } from '../world/household.ts'
import { midnight } from '../world/local-days.ts'
import { base64, type Making } from './usage-xml.ts'
import { element, entry, escape, root } from './xml.ts'

/**
 * A UsageSummary as PG&E sends it: a bill per usage point and period, usage-only lines without amount, taxes without
 * unit cost, no currency. Without the cost function block (16) only the volume is there.
 */
export const usageSummaryEntry = (
  making: Making,
  subscription: string,
  of: { agreement: Agreement; bill: Bill; costs: boolean; thousands: boolean },
): string => {
  const { agreement, bill, costs, thousands } = of
  const up = `${making.places.usagePoint(subscription, agreement.id)}/UsageSummary`
  const ms = String(summaryId(bill))
  const gas = agreement.commodity === 'gas'
  const period = element('duration', periodSeconds(bill.period)) + element('start', midnight(bill.period.start))
  const type = `${making.places.base}/ReadingType/${base64(gas ? '169:null:null:1' : '72:null:null:4')}`
  const content = [
    element('billingPeriod', period),
    costs ? element('billLastPeriod', bill.totalE5) : '',
    ...(costs ? bill.lines.map((line) => lineElement(line, { gas, period })) : []),
    element(
      'overallConsumptionLastPeriod',
      measurement(gas ? -8 : -3, gas ? 169 : 72, bill.consumption) + element('readingTypeRef', type),
    ),
    element('qualityOfReading', 17),
    element('statusTimeStamp', making.ms),
    element('commodity', gas ? 7 : 1),
    costs ? element('tariffProfile', bill.tariff.profile) + element('readCycle', bill.readCycle) : '',
    costs && bill.agency ? element('billingChargeSource', element('agencyName', escape(bill.agency))) : '',
  ].join('')
  return entry(making.style, {
    links: { up, self: `${up}/${thousands ? ms.replaceAll(/\B(?=(\d{3})+$)/g, ',') : ms}` },
    title: `UsageSummary_${ms}`,
    ms: making.ms,
    content: root('UsageSummary', content),
  })
}

/** Milliseconds of the bill date, two days after the end of the period. */
export const summaryId = (bill: Bill): number => bill.period.issuedAt * 1000

const measurement = (multiplier: number, uom: number, value: number): string =>
  element('powerOfTenMultiplier', multiplier) + element('uom', uom) + element('value', value)

function lineElement(line: Line, { gas, period }: { gas: boolean; period: string }): string {
  const uom = line.quantity?.unit === 'demand' ? 38 : gas ? 169 : 72
  return element(
    'costAdditionalDetailLastPeriod',
    [
      line.amountE5 === null ? '' : element('amount', line.amountE5),
      element('note', escape(line.note)),
      element('measurement', measurement(gas ? -8 : -3, uom, line.quantity?.value ?? 0)),
      element('itemKind', line.kind),
      line.unitCostE5 === null ? '' : element('unitCost', line.unitCostE5),
      line.amountE5 === null ? '' : element('itemPeriod', period),
    ].join(''),
  )
}
