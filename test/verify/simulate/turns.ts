/** A process of the product that can die. */
export type Owner = { name: string; isDead: boolean }

/** What becomes of a turn that is given: it runs, the database is gone before it, or after it without an answer. */
export type Fate = 'run' | 'refused' | 'unanswered'

/** Work that stands still until it is given its turn. */
export type Parked = { owner: Owner; label: string; isTransaction: boolean; give: (fate: Fate) => void }

type Timer = { due: number; order: number; owner: Owner; everyMs: number | null; run: () => void }

/**
 * One logical thread and one clock for all that happens in a simulation. Work runs until it reaches a transaction, or the
 * answer of a utility, and parks there; who goes on next, and when time goes on, is said from outside. Between two turns
 * everything has come to rest, so that the order of turns is the order of events.
 */
export type Turns = {
  now(): number
  parked(): readonly Parked[]
  /** Waits for a turn; for ever when the owner has died. `signal` and `failAfter` (ms) end the waiting with an error. */
  park(owner: Owner, label: string, how: Parking): Promise<Fate>
  /** Work on sockets: one after the other in the order in which it was asked for, each when the one before has come to rest. */
  during<T>(work: () => Promise<T>): Promise<T>
  /** Resolves when everything is parked, waits for the clock, or has ended. */
  settle(): Promise<void>
  /** Gives a turn and waits until all is at rest again. */
  give(turn: Parked, fate: Fate): Promise<void>
  wait(owner: Owner, ms: number): Promise<void>
  every(owner: Owner, ms: number, run: () => void): () => void
  /** When the next thing happens that somebody waits for by `wait`; null: nobody does. */
  nextWait(): number | null
  /** Lets time pass up to a moment (epoch ms): what falls due on the way happens at its own moment, intervals once. */
  advance(to: number, moved: (now: number) => void): Promise<void>
  /** What a dead process had in hand never goes on. */
  bury(owner: Owner): void
}

export type Parking = {
  isTransaction: boolean
  signal?: AbortSignal | undefined
  failAfter?: { ms: number; error: () => Error }
}

const RESTS = 3

export function openTurns(start: number): Turns {
  let now = start
  let busy = 0
  let order = 0
  let line = Promise.resolve()
  let rested: (() => void)[] = []
  let parked: Parked[] = []
  let timers: Timer[] = []

  const never = new Promise<never>(() => undefined)
  const remove = (turn: Parked): void => void (parked = parked.filter((one) => one !== turn))
  const addTimer = (timer: Omit<Timer, 'order'>): (() => void) => {
    const added = { ...timer, order: order++ }
    timers.push(added)
    return () => void (timers = timers.filter((one) => one !== added))
  }
  const isBefore = (a: Timer, b: Timer): boolean => a.due < b.due || (a.due === b.due && a.order < b.order)
  const firstTimer = (of: readonly Timer[]): Timer | null =>
    of.reduce<Timer | null>((first, one) => (first === null || isBefore(one, first) ? one : first), null)

  async function rest(): Promise<void> {
    for (let immediate = 0; immediate < RESTS; immediate++) await new Promise((resolve) => setImmediate(resolve))
  }

  async function settle(): Promise<void> {
    await rest()
    if (busy === 0) return
    await new Promise<void>((resolve) => void rested.push(resolve))
    await settle()
  }

  async function park(owner: Owner, label: string, { isTransaction, signal, failAfter }: Parking): Promise<Fate> {
    if (owner.isDead) return await never
    signal?.throwIfAborted()
    return await new Promise<Fate>((resolve, reject) => {
      const turn: Parked = {
        ...{ owner, label, isTransaction },
        give(fate) {
          end()
          resolve(fate)
        },
      }
      const fail = (error: unknown): void => {
        end()
        reject(error instanceof Error ? error : new Error(String(error)))
      }
      const aborted = (): void => fail(signal?.reason)
      const due = now + (failAfter?.ms ?? 0)
      const stop = failAfter ? addTimer({ due, owner, everyMs: null, run: () => fail(failAfter.error()) }) : null
      signal?.addEventListener('abort', aborted)
      const end = (): void => {
        remove(turn)
        stop?.()
        signal?.removeEventListener('abort', aborted)
      }
      parked.push(turn)
    })
  }

  return {
    now: () => now,
    parked: () => parked,
    ...{ park, settle },
    async during(work) {
      busy++
      const before = line
      let leave = (): void => undefined
      line = new Promise((resolve) => (leave = resolve))
      await before
      try {
        return await work()
      } finally {
        void rest().then(() => {
          leave()
          busy--
          if (busy === 0) for (const resolve of rested.splice(0)) resolve()
        })
      }
    },
    async give(turn, fate) {
      turn.give(fate)
      await settle()
    },
    wait: (owner, ms) =>
      owner.isDead ? never : new Promise((run) => void addTimer({ due: now + ms, owner, everyMs: null, run })),
    every: (owner, ms, run) => addTimer({ due: now + ms, owner, everyMs: ms, run }),
    nextWait: () => firstTimer(timers.filter(({ everyMs }) => everyMs === null))?.due ?? null,
    async advance(to, moved) {
      for (;;) {
        const next = firstTimer(timers.filter(({ due }) => due <= to))
        if (next === null) break
        if (next.due > now) {
          now = next.due
          moved(now)
        }
        if (next.everyMs === null) timers = timers.filter((one) => one !== next)
        else next.due = to + next.everyMs
        next.run()
        await settle()
      }
      now = to
      moved(now)
      await settle()
    },
    bury(owner) {
      owner.isDead = true
      parked = parked.filter((turn) => turn.owner !== owner)
      timers = timers.filter((timer) => timer.owner !== owner)
    },
  }
}
