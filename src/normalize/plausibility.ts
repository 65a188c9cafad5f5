import type { Bill } from '../model/bill.ts'
import type { Series } from '../model/series.ts'
import { warn, type WarningCounts } from './warnings.ts'

/** Far above the largest industrial customer: one steel mill takes about 10 GWh a day. In base units a day. */
const MOST_A_DAY: Readonly<Record<string, number>> = { Wh: 5e10, therm: 1e7, m3: 1e8, ft3: 1e9 }
/** Far from any tariff, in currency a unit: kWh, therm, m3, 100 cubic feet. lowest: over several bills, credits and all. */
const PRICED: Readonly<Record<string, { per: number; highest: number; lowest: number }>> = {
  Wh: { per: 1000, highest: 20, lowest: 0.005 },
  therm: { per: 1, highest: 50, lowest: 0.05 },
  m3: { per: 1, highest: 100, lowest: 0.02 },
  ft3: { per: 100, highest: 200, lowest: 0.05 },
}
/** Fewer may be one that credits paid. */
const SEVERAL = 3

/** Warns of prices that only a wrong scale explains; nothing is changed or left out. */
export function checkPrices(bills: readonly Bill[], counts: WarningCounts): void {
  for (const bill of bills) {
    if (bill.total === null || bill.volume === null || bill.volume.value === 0) continue
    const amount = bill.volume.value * 10 ** bill.volume.exponent
    if (!plausiblePrice(bill.total, amount, bill.volume.unit)) warn(counts, 'implausible_price')
  }
  for (const group of Map.groupBy(bills, ({ usagePoint, volume }) => `${usagePoint} ${volume?.unit ?? ''}`).values())
    if (isFarTooCheap(group)) warn(counts, 'implausible_price')
}

function isFarTooCheap(bills: readonly Bill[]): boolean {
  const told = bills.filter(({ total, volume }) => total !== null && volume !== null && volume.value !== 0)
  const rule = PRICED[told[0]?.volume?.unit ?? '']
  if (rule === undefined || told.length < SEVERAL) return false
  const money = told.reduce((sum, { total }) => sum + (total ?? 0) / 1e5, 0)
  const units =
    told.reduce((sum, { volume }) => sum + (volume ? volume.value * 10 ** volume.exponent : 0), 0) / rule.per
  return money > 0 && units > 0 && money / units < rule.lowest
}

/**
 * Warns of usage that only a wrong scale explains. The sums here are rough on purpose: they answer "off by a thousand", not
 * "off by a cent".
 */
export function checkUsage({ channel, exponent, value, duration, cost }: Series, counts: WarningCounts): void {
  if (channel.quantified !== 'energy' && channel.quantified !== 'volume') return
  let sum = 0
  let seconds = 0
  let money = 0
  for (let row = 0; row < value.length; row++) {
    sum += value[row] ?? 0
    seconds += duration[row] ?? 0
    money += cost?.[row] || 0
  }
  const amount = sum * 10 ** exponent
  const most = MOST_A_DAY[channel.unit] ?? Infinity
  if (seconds > 0 && Math.abs(amount) / (seconds / 86_400) > most) warn(counts, 'implausible_usage')
  if (money !== 0 && amount !== 0 && !plausiblePrice(money, amount, channel.unit)) warn(counts, 'implausible_price')
}

/** Small amounts carry fixed fees and say nothing about the price of a unit. */
function plausiblePrice(moneyE5: number, amount: number, unit: string): boolean {
  const rule = PRICED[unit]
  if (rule === undefined || Math.abs(moneyE5) < 100_000_000) return true
  return Math.abs(moneyE5 / 1e5 / (amount / rule.per)) <= rule.highest
}
