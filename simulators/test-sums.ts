import type { Ledger } from './world/ledger.ts'
import { all, linkOf, type Node, text } from './test-client.ts'

/** Ledger totals by reading feeds, independently of the generator: readings by channel and start, bills by point and period. */
export type Sums = {
  readings: Map<
    string,
    { value: bigint; duration: number; exponent: number; uom: number; flow: number; quality: number }
  >
  points: Set<string>
  bills: Map<string, { total: number | null; lines: (number | null)[]; volume: string | null; account: string }>
}

export const emptySums = (): Sums => ({ readings: new Map(), points: new Set(), bills: new Map() })

const pathOf = (href: string): string => href.replace(/^\w+:\/\/[^/]+/, '')
const pointOf = (href: string): string => /\/UsagePoint\/([^/]+)/.exec(href)?.[1] ?? ''

/** Adds a usage feed. Later feeds replace what earlier ones said. `utcPeriods` joins SCE's two kinds of summary. */
export const addFeed = (sums: Sums, feed: Node): void => {
  const entries = feed.name === 'entry' ? [feed] : all(feed, 'entry')
  const types = new Map<string, Node>()
  const typeOfReading = new Map<string, string>()
  const resourceOf = (entry: Node): Node | undefined =>
    entry.children.find((child) => child.name === 'content')?.children[0]
  for (const entry of entries) {
    const resource = resourceOf(entry)
    const self = pathOf(linkOf(entry, 'self'))
    if (resource?.name === 'ReadingType') types.set(self, resource)
    if (resource?.name === 'UsagePoint') sums.points.add(pointOf(self))
    if (resource?.name === 'MeterReading') {
      const related = entry.children.filter(
        (c) => c.name === 'link' && (c.attributes['href'] ?? '').includes('/ReadingType/'),
      )
      typeOfReading.set(self, pathOf(related[0]?.attributes['href'] ?? ''))
    }
  }
  for (const entry of entries) {
    const self = pathOf(linkOf(entry, 'self'))
    const resource = resourceOf(entry)
    const type = types.get(typeOfReading.get(self.replace(/\/IntervalBlock\/.*/, '')) ?? '')
    if (resource?.name === 'IntervalBlock') addBlock(sums, { self, block: resource, type })
    if (resource?.name === 'UsageSummary') addSummary(sums, self, resource)
  }
}

function addBlock(sums: Sums, { self, block, type }: { self: string; block: Node; type: Node | undefined }): void {
  if (!type) throw new Error(`No reading type for ${self}`)
  const channel = `${pointOf(self)}|${text(type, 'flowDirection')}`
  for (const reading of block.children.filter((c) => c.name === 'IntervalReading'))
    sums.readings.set(`${channel}|${text(reading, 'timePeriod', 'start')}`, {
      value: BigInt(text(reading, 'value') ?? ''),
      duration: Number(text(reading, 'timePeriod', 'duration')),
      exponent: Number(text(type, 'powerOfTenMultiplier')),
      uom: Number(text(type, 'uom')),
      flow: Number(text(type, 'flowDirection')),
      quality: Number(text(reading, 'ReadingQuality', 'quality') ?? text(type, 'defaultQuality')),
    })
}

function addSummary(sums: Sums, self: string, summary: Node): void {
  const key = `${pointOf(self)}|${text(summary, 'billingPeriod', 'start')}`
  const known = sums.bills.get(key) ?? { total: null, lines: [], volume: null, account: '' }
  const lines = all(summary, 'costAdditionalDetailLastPeriod').map((line) => {
    const amount = text(line, 'amount')
    // ItemKind 10 informs and charges nothing.
    return amount === null || text(line, 'itemKind') === '10' ? null : Number(amount)
  })
  const total = text(summary, 'billLastPeriod')
  sums.bills.set(key, {
    total: total === null ? known.total : Number(total),
    lines: lines.length > 0 ? lines : known.lines,
    volume: text(summary, 'overallConsumptionLastPeriod', 'value') ?? known.volume,
    account: known.account,
  })
}

/** The ledger as it follows from the feeds; meters and summaries need the customer data and are given by the caller. */
export const ledgerFrom = (sums: Sums): Omit<Ledger, 'billing_summaries'> => {
  const micro = { delivered: 0n, received: 0n, therms: 0n }
  const ends = new Map<string, number>()
  let gaps = 0
  const ordered = [...sums.readings].map(([key, reading]) => ({
    channel: key.slice(0, key.lastIndexOf('|')),
    start: Number(key.slice(key.lastIndexOf('|') + 1)),
    ...reading,
  }))
  for (const reading of ordered.sort((a, b) => a.channel.localeCompare(b.channel) || a.start - b.start)) {
    const end = ends.get(reading.channel)
    if (end !== undefined && end !== reading.start) gaps++
    ends.set(reading.channel, reading.start + reading.duration)
    if (reading.uom === 169) micro.therms += reading.value * 10n ** BigInt(reading.exponent + 8)
    else if (reading.flow === 19) micro.received += reading.value * 10n ** BigInt(reading.exponent + 3)
    else micro.delivered += reading.value * 10n ** BigInt(reading.exponent + 3)
  }
  const bills = [...sums.bills.values()]
  const cents = bills.reduce(
    (sum, bill) => sum + BigInt(bill.total ?? bill.lines.reduce<number>((s, line) => s + (line ?? 0), 0)),
    0n,
  )
  return {
    meters: sums.points.size,
    readings: sums.readings.size,
    kwh_delivered: plain(micro.delivered, 6),
    kwh_received: plain(micro.received, 6),
    therms: plain(micro.therms, 8),
    bills: sums.bills.size,
    bill_total: plain(cents, 5),
    line_items: bills.reduce((sum, bill) => sum + bill.lines.filter((line) => line !== null).length, 0),
    gaps,
  }
}

/** Written apart from world/decimal.ts on purpose. */
const plain = (value: bigint, places: number): string => {
  const sign = value < 0n ? '-' : ''
  const size = value < 0n ? -value : value
  const unit = 10n ** BigInt(places)
  const fraction = (size % unit).toString().padStart(places, '0').replace(/0+$/, '')
  return `${sign}${size / unit}${fraction ? `.${fraction}` : ''}`
}
