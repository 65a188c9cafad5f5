import { createRandom } from '../espi/random.ts'

/** One random kill: how long after a customer set out, and whom. */
export type Kill = {
  afterMs: number
  /** The product's process of this number, or one of the embedded server's: its own (0) or a child, as `pick` says. */
  victim: number | 'server'
  /** From 0 to below 1: which of the server's processes at that moment. */
  pick: number
}

/** What is killed when; the same for the same seed. How far a customer has come by then is up to the operating system. */
export function planKills(seed: number, { kills, workers }: { kills: number; workers: number }): Kill[] {
  const random = createRandom(seed)
  return Array.from({ length: kills }, () => {
    const afterMs = random.int(1500)
    const victim = random.int(workers + 1)
    return { afterMs, victim: victim === workers ? 'server' : victim, pick: random.int(1000) / 1000 }
  })
}
