/** Bulk data that many customers take their slice of: fetched once by this process, kept for a while. */
export type SharedFiles<T> = {
  /** True when `get` would not fetch. */
  has(address: string): boolean
  get(address: string, fetch: () => Promise<T>): Promise<T>
}

/** Two files of electricity and gas, and the ones before them. */
const MOST = 4
const KEEP_MS = 10 * 60_000

/** A fetch that fails is not kept. At most four files at a time, each for ten minutes. */
export function openSharedFiles<T>(now: () => Date): SharedFiles<T> {
  const kept = new Map<string, { until: number; file: Promise<T> }>()
  const forget = (): void => {
    for (const [address, { until }] of kept) if (until <= now().getTime()) kept.delete(address)
  }
  return {
    has(address) {
      forget()
      return kept.has(address)
    },
    async get(address, fetch) {
      forget()
      const known = kept.get(address)
      if (known) return await known.file
      const file = fetch()
      kept.set(address, { until: now().getTime() + KEEP_MS, file })
      for (const oldest of [...kept.keys()].slice(0, -MOST)) kept.delete(oldest)
      try {
        return await file
      } catch (error) {
        if (kept.get(address)?.file === file) kept.delete(address)
        throw error
      }
    },
  }
}
