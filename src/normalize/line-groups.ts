import type { Bill, LineItem } from '../model/bill.ts'
import { isEnergy, isPower } from './codes.ts'

type Groups = Pick<Bill, 'demand' | 'tou' | 'tiers'>

/** Words for times of use, the longer before the shorter: "off peak" must not be read as "peak". */
const BUCKETS: readonly (readonly [RegExp, string])[] = [
  [/\bsuper[\s-]*off[\s-]*peak\b/i, 'super-off-peak'],
  [/\bsuper[\s-]*peak\b/i, 'super-peak'],
  [/\boff[\s-]*peak\b/i, 'off-peak'],
  [/\b(?:part(?:ial)?|mid|shoulder)[\s-]*peak\b/i, 'part-peak'],
  [/\b(?:on[\s-]*)?peak\b/i, 'peak'],
]

/**
 * The lines that tell of demand, times of use and tiers, recognized by their unit and their words; they stay lines as well.
 * The line says it, we do not compute it: what has no such words is in none of the three.
 */
export function groupLines(lines: readonly LineItem[]): Groups {
  const groups: Groups = { demand: [], tou: [], tiers: [] }
  for (const { name, amount: cost, quantity } of lines) {
    const power = quantity !== null && isPower(quantity.unit)
    const energy = quantity === null || isEnergy(quantity.unit)
    const bucket = BUCKETS.find(([words]) => words.test(name))?.[1]
    const level = tierOf(name)
    if (power) groups.demand.push({ name, cost, quantity })
    else if (/\bdemand\b/i.test(name) || !energy || (cost === null && quantity === null)) continue
    else if (bucket !== undefined) groups.tou.push({ name, bucket, cost, quantity })
    else if (level !== null) groups.tiers.push({ name, level, cost, quantity })
  }
  return groups
}

function tierOf(name: string): number | null {
  const found =
    /\b(?:tier|block|step)\s*#?(\d{1,2})\b/i.exec(name) ??
    /\b(\d{1,2})(?:st|nd|rd|th)\s+(?:tier|block|step)\b/i.exec(name)
  if (found !== null) return Number(found[1])
  if (/\bover[\s-]*baseline\b/i.test(name)) return 2
  return /\bbaseline\b/i.test(name) && !/\bcredit\b/i.test(name) ? 1 : null
}
