/** Draws that are the same for the same seed. */
export type Seeded = {
  /** 0 to below 1. */
  fraction(): number
  /** A whole number from 0 to below `n`. */
  below(n: number): number
  chance(probability: number): boolean
  /** Throws RangeError on an empty list. */
  pick<T>(from: readonly T[]): T
  bytes(n: number): Uint8Array
}

/** mulberry32. */
export function seeded(seed: number): Seeded {
  let state = Math.imul(seed, 0x9e_37_79_b1) | 0
  const fraction = (): number => {
    state = (state + 0x6d_2b_79_f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (n: number): number => Math.floor(fraction() * n)
  return {
    fraction,
    below,
    chance: (probability) => fraction() < probability,
    pick(from) {
      const picked = from[below(from.length)]
      if (picked === undefined) throw new RangeError('nothing to pick from')
      return picked
    },
    bytes: (n) => Uint8Array.from({ length: n }, () => below(256)),
  }
}
