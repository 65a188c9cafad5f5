import type { Authorization } from '../kit/state.ts'
import type { Utility } from '../kit/utility.ts'
import { holds, type Window } from '../kit/window.ts'
import { type Bill, billsOf, type Line, periodSeconds } from '../world/bills.ts'
import { type Agreement, flowsOf } from '../world/household.ts'
import { billedUntil, publishedDays, type Shared } from '../world/ledger.ts'
import { dayOf, lengthOf, midnight } from '../world/local-days.ts'
import { correctionOf, dayReadings } from '../world/readings.ts'
import { resourceBase } from './hooks.ts'
import { element, type Entry, entryOf, escape, feedEnd, feedStart } from './xml.ts'

type Options = { authorization: Authorization; shared: Shared; agreements: readonly Agreement[]; window: Window }

type Target = { utility: Utility; options: Options; base: string; points: string }

/** Batch/Subscription: everything the customer shares, parents before children, bills inside. */
export function* usageFeed(utility: Utility, options: Options): Generator<string> {
  const base = resourceBase(utility)
  const target: Target = {
    utility,
    options,
    base,
    points: `${base}/Subscription/${options.authorization.id}/UsagePoint`,
  }
  const { asOf } = options.shared
  yield feedStart('Green Button Usage Feed', `${base}/Batch/Subscription/${options.authorization.id}`, asOf)
  yield entryOf({
    kind: 'LocalTimeParameters',
    self: `${base}/LocalTimeParameters/1`,
    up: `${base}/LocalTimeParameters`,
    title: 'Pacific Time',
    at: asOf,
    content:
      element('dstEndRule', 'B40E2000') +
      element('dstOffset', 3600) +
      element('dstStartRule', '360E2000') +
      element('tzOffset', -28_800),
  })
  for (const agreement of options.agreements) {
    yield usagePoint(target, agreement)
    if (options.shared.usage) for (const flow of flowsOf(agreement)) yield* channel(target, agreement, flow)
    if (options.shared.bills) yield* summaries(target, agreement)
  }
  yield feedEnd
}

function usagePoint({ base, points, options }: Target, agreement: Agreement): string {
  const self = `${points}/${agreement.id}`
  return entryOf({
    kind: 'UsagePoint',
    self,
    up: points,
    related: [
      [`${self}/MeterReading`, 'espi-feed/MeterReading'],
      [`${self}/UsageSummary`, 'espi-feed/UsageSummary'],
      [`${base}/LocalTimeParameters/1`, 'espi-entry/LocalTimeParameters'],
    ],
    title: `${agreement.street.number} ${agreement.street.name}, ${agreement.commodity}`,
    at: options.shared.asOf,
    content: `${element('ServiceCategory', element('kind', agreement.commodity === 'gas' ? 1 : 0))}${element('status', agreement.endDay === null ? 1 : 0)}`,
  })
}

function* channel(target: Target, agreement: Agreement, flow: 1 | 19): Generator<string> {
  const { utility, options, base, points } = target
  const { asOf } = options.shared
  const gas = agreement.commodity === 'gas'
  const type = `${base}/ReadingType/${gas ? 'gas' : 'electricity'}-${agreement.intervalLength}-${flow}`
  const reading = `${points}/${agreement.id}/MeterReading/${flow}`
  const fields: [string, number][] = [
    ['accumulationBehaviour', 4],
    ['commodity', gas ? 7 : 1],
    ['currency', 840],
    ['dataQualifier', 12],
    ['defaultQuality', 17],
    ['flowDirection', flow],
    ['intervalLength', agreement.intervalLength],
    ['kind', 12],
    ...(gas ? [] : ([['phase', 769]] as [string, number][])),
    ['powerOfTenMultiplier', gas ? -8 : 0],
    ['timeAttribute', gas ? 11 : 0],
    ['uom', gas ? 169 : 72],
  ]
  yield entryOf({
    kind: 'MeterReading',
    self: reading,
    up: reading.slice(0, reading.lastIndexOf('/')),
    related: [
      [`${reading}/IntervalBlock`, 'espi-feed/IntervalBlock'],
      [type, 'espi-entry/ReadingType'],
    ],
    title: 'Meter reading',
    at: asOf,
    content: '',
  })
  yield entryOf({
    kind: 'ReadingType',
    self: type,
    up: `${base}/ReadingType`,
    title: 'Type of reading',
    at: asOf,
    content: fields.map(([n, v]) => element(n, v)).join(''),
  })
  const published = publishedDays(utility.world, agreement, asOf)
  const { min, max } = options.window
  const from = min === null ? published.from : Math.max(published.from, dayOf(min))
  const until = max === null ? published.until : Math.min(published.until, dayOf(max) + 1)
  const billed = billedUntil(agreement, asOf)
  for (let day = from; day < until; day++) {
    const block = blockEntry(target, agreement, { flow, day, reading, billed: day < billed })
    if (block) yield entryOf(block)
  }
}

type Day = { flow: 1 | 19; day: number; reading: string; billed: boolean }

function blockEntry(
  { utility, options }: Target,
  agreement: Agreement,
  { flow, day, reading, billed }: Day,
): Entry | null {
  const { asOf } = options.shared
  const readings = dayReadings(utility.world, agreement, { day, flow, asOf, billed })
  if (!readings.starts.some((start) => holds(options.window, start))) return null
  const unit = agreement.commodity === 'gas' ? 1 : 1000
  const parts = readings.starts.map(
    (start, i) =>
      `<IntervalReading><ReadingQuality><quality>${readings.qualities[i]}</quality></ReadingQuality><timePeriod><duration>${readings.durations[i]}</duration><start>${start}</start></timePeriod><value>${(readings.values[i] ?? 0) / unit}</value></IntervalReading>`,
  )
  const start = agreement.commodity === 'gas' ? (readings.starts[0] ?? midnight(day)) : midnight(day)
  return {
    kind: 'IntervalBlock',
    self: `${reading}/IntervalBlock/${start}`,
    up: `${reading}/IntervalBlock`,
    title: 'Interval block',
    at: Math.max(midnight(day + utility.world.lagDays), correctionOf(utility.world, agreement, day, asOf)?.at ?? 0),
    content: `<interval><duration>${lengthOf(day)}</duration><start>${start}</start></interval>${parts.join('')}`,
  }
}

function* summaries({ utility, options, points }: Target, agreement: Agreement): Generator<string> {
  const up = `${points}/${agreement.id}/UsageSummary`
  const { min, max } = options.window
  for (const bill of billsOf(utility.world, agreement, options.shared.asOf)) {
    const inside =
      (max === null || midnight(bill.period.start) <= max) && (min === null || midnight(bill.period.end) > min)
    if (!inside) continue
    yield entryOf({
      kind: 'UsageSummary',
      self: `${up}/${bill.period.issuedAt}`,
      up,
      title: 'Bill',
      at: bill.updatedAt,
      content: summary(bill, agreement, options.shared.costs),
    })
  }
}

function summary(bill: Bill, agreement: Agreement, costs: boolean): string {
  const gas = agreement.commodity === 'gas'
  const measured = (value: number): string =>
    element('powerOfTenMultiplier', gas ? -8 : -3) + element('uom', gas ? 169 : 72) + element('value', value)
  const period = element('duration', periodSeconds(bill.period)) + element('start', midnight(bill.period.start))
  return [
    element('billingPeriod', period),
    costs ? element('billLastPeriod', bill.totalE5) : '',
    ...(costs ? bill.lines.map((line) => lineOf(line, { gas, period })) : []),
    element('currency', 840),
    element('overallConsumptionLastPeriod', measured(bill.consumption)),
    element('qualityOfReading', 19),
    element('statusTimeStamp', bill.period.issuedAt),
    element('commodity', gas ? 7 : 1),
    costs ? element('tariffProfile', escape(bill.tariff.profile)) : '',
  ].join('')
}

function lineOf(line: Line, { gas, period }: { gas: boolean; period: string }): string {
  const { quantity } = line
  const uom = quantity?.unit === 'demand' ? 38 : gas ? 169 : 72
  return element(
    'costAdditionalDetailLastPeriod',
    [
      line.amountE5 === null ? '' : element('amount', line.amountE5),
      element('note', escape(line.note)),
      quantity === null
        ? ''
        : element(
            'measurement',
            element('powerOfTenMultiplier', gas ? -8 : -3) + element('uom', uom) + element('value', quantity.value),
          ),
      element('itemKind', line.kind),
      line.unitCostE5 === null ? '' : element('unitCost', line.unitCostE5),
      element('itemPeriod', period),
    ].join(''),
  )
}
