import { type Agreement, flowsOf } from './household.ts'
import { dateOf, midnight } from './local-days.ts'
import { billedPeriods, type Period } from './periods.ts'
import { dayReadings } from './readings.ts'
import { type Tariff, tariffs, touNames } from './tariffs.ts'
import type { World } from './world.ts'

/** A line without amount is a usage line; without quantity a pure charge. Quantities are mWh, mW or 1e-8 therm. */
export type Line = {
  note: string
  kind: number
  amountE5: number | null
  unitCostE5: number | null
  quantity: { unit: 'energy' | 'demand'; value: number } | null
}

export type Bill = {
  period: Period
  /** Later than the period's issue after a correction or a re-bill. */
  updatedAt: number
  totalE5: number
  /** Delivered minus received, over the readings of the period. */
  consumption: number
  lines: Line[]
  tariff: Tariff
  readCycle: string
  agency: string | null
}

type Usage = { byTou: Map<number, number>; net: number; peak: number; days: number }

/** The bills issued by `asOf`, oldest first. Their volume is the sum of the readings, their total the sum of the lines. */
export const billsOf = (world: World, agreement: Agreement, asOf: number): Bill[] =>
  billedPeriods(agreement, asOf).map((period) => billOf(world, agreement, { period, asOf }))

const billOf = (world: World, agreement: Agreement, { period, asOf }: { period: Period; asOf: number }): Bill => {
  const rebills = world.rebills.filter(
    (r) => r.usagePoint === agreement.id && r.periodStart === period.start && r.at <= asOf,
  )
  const corrections = world.corrections.filter(
    (c) => c.usagePoint === agreement.id && c.day >= period.start && c.day < period.end && c.at <= asOf,
  )
  const key = `${world.originDay}|${agreement.id}|${period.start}|${period.end}|${rebills.length}|${corrections.length}`
  const cached = cacheOf(world).get(key)
  if (cached) return cached
  const tariff = tariffs[agreement.tariff]
  const usage = usageOf(world, agreement, { period, asOf })
  const lines = world.utility === 'sce' ? sceLines(tariff, usage) : detailedLines(tariff, usage, { agreement, period })
  for (const rebill of rebills) lines.push(charge('Billing Adjustment', 4, rebill.amountE5))
  const bill: Bill = {
    period,
    updatedAt: Math.max(period.issuedAt, ...rebills.map((r) => r.at), ...corrections.map((c) => c.at)),
    totalE5: lines.reduce((sum, line) => sum + (line.amountE5 ?? 0), 0),
    consumption: usage.net,
    lines,
    tariff,
    readCycle: String.fromCharCode(65 + (agreement.cycle % 21)),
    agency: agreement.supplier,
  }
  remember(world, key, bill)
  return bill
}

function usageOf(world: World, agreement: Agreement, { period, asOf }: { period: Period; asOf: number }): Usage {
  const usage: Usage = { byTou: new Map(), net: 0, peak: 0, days: period.end - period.start }
  for (let day = period.start; day < period.end; day++) {
    for (const flow of flowsOf(agreement)) {
      const sign = flow === 1 ? 1 : -1
      const readings = dayReadings(world, agreement, { day, flow, asOf, billed: true })
      readings.values.forEach((value, i) => {
        const tou = readings.tous[i] ?? 0
        usage.byTou.set(tou, (usage.byTou.get(tou) ?? 0) + sign * value)
        usage.net += sign * value
        if (flow === 1) usage.peak = Math.max(usage.peak, (value * 3600) / agreement.intervalLength)
      })
    }
  }
  return usage
}

const charge = (note: string, kind: number, amountE5: number, unitCostE5: number | null = null): Line => ({
  note,
  kind,
  amountE5,
  unitCostE5,
  quantity: null,
})

/** Quantity (a millionth of the priced unit, or a hundred-millionth for gas) times unit cost, to the cent. */
const price = (quantity: number, unitCostE5: number, perUnit: number): number => {
  const product = BigInt(Math.round(quantity)) * BigInt(unitCostE5)
  const cent = BigInt(perUnit) * 1000n
  const doubled = 2n * (product < 0n ? -product : product) + cent
  const cents = doubled / (2n * cent)
  return Number(product < 0n ? -cents : cents) * 1000
}

function detailedLines(tariff: Tariff, usage: Usage, of: { agreement: Agreement; period: Period }): Line[] {
  const gas = tariff.schedule === 'gas'
  const perUnit = gas ? 100_000_000 : 1_000_000
  const lines: Line[] = []
  const codes = [...usage.byTou.keys()].sort((a, b) => a - b)
  const priced = (note: string, value: number, unitCostE5: number, kind = 3): Line => ({
    note,
    kind,
    amountE5: price(value, unitCostE5, perUnit),
    unitCostE5,
    quantity: { unit: 'energy', value },
  })
  if (!gas) {
    for (const code of codes) {
      const value = usage.byTou.get(code) ?? 0
      const note = `Total ${touNames[code]?.name ?? ''} Usage`
      lines.push({ note, kind: 3, amountE5: null, unitCostE5: null, quantity: { unit: 'energy', value } })
    }
  }
  if (gas) lines.push(...gasTiers(tariff, usage, priced))
  else {
    for (const code of codes) {
      const note = `${touNames[code]?.name ?? ''} Energy Charge`
      lines.push(priced(note, usage.byTou.get(code) ?? 0, tariff.energy[code] ?? 0, of.agreement.supplier ? 2 : 3))
    }
  }
  if (tariff.generation !== null && of.agreement.supplier)
    lines.push(priced(`${of.agreement.supplier} Generation Charges`, usage.net, tariff.generation, 1))
  if (tariff.baseline) {
    const within = Math.max(0, Math.min(usage.net, tariff.baseline.perDay * usage.days))
    lines.push(priced('Baseline Credit <Tier 1 & below>', within, -tariff.baseline.credit))
  }
  if (tariff.demand !== null)
    lines.push({
      note: 'Max Demand Charge',
      kind: 3,
      amountE5: price(usage.peak, tariff.demand, 1_000_000),
      unitCostE5: tariff.demand,
      quantity: { unit: 'demand', value: usage.peak },
    })
  if (tariff.daily > 0)
    lines.push(charge('Customer Charge', 4, Math.round((tariff.daily * usage.days) / 1000) * 1000, tariff.daily))
  if (climateCreditIn(of.period) && tariff.climateCredit > 0)
    lines.push(charge('California Climate Credit', 8, -tariff.climateCredit))
  const subtotal = lines.reduce((sum, line) => sum + (line.amountE5 ?? 0), 0)
  lines.push(charge('Energy Commission Tax', 5, price(Math.max(0, usage.net), tariff.commissionTax, perUnit)))
  lines.push(charge('Utility Users’ Tax', 5, Math.round((Math.max(0, subtotal) * tariff.userTaxPermille) / 1e6) * 1000))
  return lines
}

function gasTiers(tariff: Tariff, usage: Usage, priced: (note: string, value: number, cost: number) => Line): Line[] {
  const baseline = Math.min(usage.net, 35_000_000 * usage.days)
  const rate = tariff.energy[0] ?? 0
  const lines = [priced('Tier 1 Usage', baseline, rate)]
  if (usage.net > baseline) lines.push(priced('Tier 2 Usage', usage.net - baseline, Math.round(rate * 1.28)))
  return lines
}

/** Paid in April and October, on the bill that ends in that month. */
const climateCreditIn = (period: Period): boolean => [4, 10].includes(dateOf(period.end - 1).month)

/** SCE prints seven kinds on every bill, the empty ones too. */
function sceLines(tariff: Tariff, usage: Usage): Line[] {
  let energy = 0
  for (const [code, value] of usage.byTou) energy += price(value, tariff.energy[code] ?? 0, 1_000_000)
  const demand = tariff.demand === null ? 0 : price(usage.peak, tariff.demand, 1_000_000)
  const generation = Math.round((energy * 42) / 100_000) * 1000
  const daily = Math.round((tariff.daily * usage.days) / 1000) * 1000
  return [
    charge('Energy Generation Fee', 1, generation),
    charge('Energy Delivery Fee', 2, energy - generation + demand),
    charge('Energy Usage Fee', 3, 0),
    charge('Administrative Fee', 4, daily),
    charge(
      'Tax - Local Or State Or Federal Energy Tax',
      5,
      price(Math.max(0, usage.net), tariff.commissionTax, 1_000_000),
    ),
    charge('Administrative Credit', 8, usage.net > 0 ? -Math.round(energy / 71_000) * 1000 : 0),
    charge('Information', 10, 0),
  ]
}

/** Seconds from the first to the last midnight of the period: daylight-saving days make it no multiple of a day. */
export const periodSeconds = (period: Period): number => midnight(period.end) - midnight(period.start)

const caches = new WeakMap<World, Map<string, Bill>>()
const maxCached = 4000

function cacheOf(world: World): Map<string, Bill> {
  const found = caches.get(world)
  if (found) return found
  const made = new Map<string, Bill>()
  caches.set(world, made)
  return made
}

function remember(world: World, key: string, bill: Bill): void {
  const cache = cacheOf(world)
  if (cache.size >= maxCached) cache.clear()
  cache.set(key, bill)
}
