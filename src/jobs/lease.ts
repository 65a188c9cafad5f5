/** How a lease is kept. Time that passes is measured by a clock that nobody sets; moments in the database are `now`. */
export type LeaseKeeper = {
  /** How long a lease lasts from each heartbeat on. */
  leaseMs: number
  /** Extends the lease until a moment. Throws when another has it. */
  extend: (until: Date) => Promise<void>
  /** Whether an error of `extend` means that the lease is lost; any other one is tried again at the next heartbeat. */
  isLost: (error: unknown) => boolean
  now: () => Date
  /** Milliseconds on a monotonic clock. */
  elapsedMs: () => number
  /** Calls `beat` every `ms` until the returned function is called. */
  every: (ms: number, beat: () => void) => () => void
  /** Ends the work when the process stops. */
  signal?: AbortSignal
}

/** The lease could not be kept until the work had ended; what the work did since must not be stored. */
export class LeaseExpired extends Error {
  readonly code = 'lease_expired'

  constructor(cause?: unknown) {
    super('the lease could not be kept', cause === undefined ? undefined : { cause })
    this.name = 'LeaseExpired'
  }
}

/**
 * Does work under a lease that the caller holds, with a heartbeat three times a lease. The work's signal aborts when the
 * lease is lost, when it could not be extended in time, or when the process stops. This saves the work of a worker that
 * was overtaken; what protects the data is the fence, which the caller's write transaction checks.
 * Throws what the work throws, or LeaseExpired when that was why.
 */
export async function underLease<T>(keeper: LeaseKeeper, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { leaseMs, extend, isLost, now, elapsedMs, every } = keeper
  const lost = new AbortController()
  let keptAt = elapsedMs()
  let beating: Promise<void> = Promise.resolve()
  let isBeating = false

  async function beat(): Promise<void> {
    const startedAt = elapsedMs()
    try {
      // A process that slept through its lease (stopped, swapped out) must not revive it.
      if (startedAt - keptAt >= leaseMs) throw new LeaseExpired()
      await extend(new Date(now().getTime() + leaseMs))
      keptAt = startedAt
    } catch (error) {
      const isOver = elapsedMs() - keptAt >= leaseMs
      if (isLost(error) || isOver || error instanceof LeaseExpired) lost.abort(new LeaseExpired(error))
    }
  }

  const stop = every(Math.floor(leaseMs / 3), () => {
    if (isBeating) return
    isBeating = true
    beating = beat().finally(() => {
      isBeating = false
    })
  })
  try {
    const signal = keeper.signal ? AbortSignal.any([lost.signal, keeper.signal]) : lost.signal
    return await work(signal)
  } catch (error) {
    if (lost.signal.aborted) throw lost.signal.reason instanceof Error ? lost.signal.reason : new LeaseExpired(error)
    throw error
  } finally {
    stop()
    await beating
  }
}
