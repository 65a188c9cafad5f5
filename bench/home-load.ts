import type { Series } from '../src/model/series.ts'
import { monthStart } from '../src/units/local-days.ts'
import { ZONE } from './temporary-database.ts'

/** Months of 2025, of the utility's calendar. */
export const FIRST_MONTH = 2025 * 12

/**
 * Quarter hours of a made-up home, the same each time: a base load, a refrigerator that cycles, an evening peak, appliances
 * that run for a while, and noise of a few percent. mWh, counted by a meter in steps of `step` (100: 0.1 Wh, 1000: 1 Wh).
 */
export function homeLoad(seed: number, { months, step }: { months: number; step: number }): Series {
  const from = monthStart(FIRST_MONTH, ZONE)
  const count = (monthStart(FIRST_MONTH + months, ZONE) - from) / 900
  const random = createRandom(seed)
  const value = new Float64Array(count)
  let appliance = 0
  for (let at = 0; at < count; at++) {
    const hour = ((at / 4) % 24) - 19.5
    if (random() < 0.03) appliance = random() < 0.5 ? 0 : 250_000 * random()
    const load = 45_000 + (at % 3 === seed % 3 ? 20_000 : 0) + 120_000 * Math.exp(-(hour * hour) / 6) + appliance
    value[at] = Math.round((load * (0.98 + 0.04 * random())) / step) * step
  }
  return {
    usagePoint: 'up-0',
    channel: { commodity: 'electricity', direction: 'delivered', quantified: 'energy', unit: 'Wh' },
    exponent: -3,
    start: Float64Array.from({ length: count }, (_, at) => from + at * 900),
    duration: new Uint32Array(count).fill(900),
    value,
    quality: new Uint8Array(count).fill(4),
    cost: null,
    tou: null,
    currency: null,
  }
}

function createRandom(seed: number): () => number {
  let state = Math.imul(seed + 1, 2_654_435_761) >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state >>> 8) / 2 ** 24
  }
}
