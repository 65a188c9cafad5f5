import { expect, test } from 'vitest'

import { LeaseExpired, type LeaseKeeper, underLease } from './lease.ts'

/** A keeper on a clock that the test moves; every beat that is due runs and has ended before `pass` resolves. */
function testKeeper(extend: (until: Date) => Promise<void>, signal?: AbortSignal) {
  let at = 0
  let beat: (() => void) | null = null
  const keeper: LeaseKeeper = {
    leaseMs: 30_000,
    extend,
    isLost: (error) => error instanceof Error && error.message === 'lost',
    now: () => new Date(at),
    elapsedMs: () => at,
    every(_, run) {
      beat = run
      return () => (beat = null)
    },
    ...(signal ? { signal } : {}),
  }
  const pass = async (ms: number): Promise<void> => {
    at += ms
    beat?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { keeper, pass, isBeating: () => beat !== null }
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  return await new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('work aborted')))
  })
}

test('a lease is extended while the work runs, and no longer', async () => {
  const kept: number[] = []
  const { keeper, pass, isBeating } = testKeeper(async (until) => void kept.push(until.getTime()))
  const result = await underLease(keeper, async () => {
    await pass(10_000)
    await pass(10_000)
    return 'done'
  })
  expect(result).toBe('done')
  expect(kept).toEqual([40_000, 50_000])
  expect(isBeating()).toBe(false)
})

test('work whose lease was taken is aborted at the next heartbeat', async () => {
  const { keeper, pass } = testKeeper(async () => await Promise.reject(new Error('lost')))
  await Promise.all([expect(underLease(keeper, untilAborted)).rejects.toThrow(LeaseExpired), pass(10_000)])
})

test('a database that is away for a moment costs nothing, for longer than the lease it ends the work', async () => {
  let tries = 0
  const { keeper, pass } = testKeeper(async () => {
    tries++
    if (tries !== 3) throw new Error('connection refused')
  })
  const working = underLease(keeper, untilAborted)
  let ended = false
  working.catch(() => (ended = true))
  for (const ms of [10_000, 10_000, 9000, 10_000, 10_000]) await pass(ms)
  expect(ended).toBe(false)
  await pass(10_000)
  await expect(working).rejects.toThrow(LeaseExpired)
})

test('a process that slept through its lease does not revive it', async () => {
  const kept: Date[] = []
  const { keeper, pass } = testKeeper(async (until) => void kept.push(until))
  await Promise.all([expect(underLease(keeper, untilAborted)).rejects.toThrow(LeaseExpired), pass(30_000)])
  expect(kept).toEqual([])
})

test('the stop of the process ends the work, and its own error is told', async () => {
  const stop = new AbortController()
  const { keeper } = testKeeper(async () => undefined, stop.signal)
  const working = underLease(keeper, untilAborted)
  stop.abort()
  await expect(working).rejects.toThrow('work aborted')
})
