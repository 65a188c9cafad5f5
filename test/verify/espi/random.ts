/** The same choices from the same seed, everywhere. */
export type Random = {
  /** A whole number from 0 up to, without, `below`. */
  int(below: number): number
  /** One of these. */
  pick<T>(items: readonly [T, ...T[]]): T
  pick<T>(items: readonly T[]): T | undefined
  /** True once in `times`. */
  once(times: number): boolean
}

/** mulberry32: small, and good enough for choosing. */
export function createRandom(seed: number): Random {
  let state = (seed ^ 0x9e3779b9) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (below: number): number => Math.floor(next() * below)
  function pick<T>(items: readonly [T, ...T[]]): T
  function pick<T>(items: readonly T[]): T | undefined
  function pick<T>(items: readonly T[]): T | undefined {
    return items[int(items.length)]
  }
  return { int, pick, once: (times) => int(times) === 0 }
}
