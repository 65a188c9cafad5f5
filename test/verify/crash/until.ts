import { availableParallelism, loadavg } from 'node:os'
import { setTimeout } from 'node:timers/promises'

import { until as untilThere } from '../../running-app.ts'

/** The same with as much more time as others work on this machine, too. */
export async function until<T>(what: string, check: () => Promise<T | null>, seconds = 40): Promise<T> {
  return await untilThere(what, check, seconds * othersHere())
}

/** What comes of `work`, if it comes within as much time; throws with `what` otherwise. */
export async function within<T>(what: string, work: Promise<T>, seconds = 40): Promise<T> {
  const inTime = new AbortController()
  const limit = seconds * othersHere()
  const late = setTimeout(limit * 1000, undefined, { signal: inTime.signal }).then((): never => {
    throw new Error(`waited ${limit.toFixed(0)} s for: ${what}`)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    inTime.abort()
  }
}

function othersHere(): number {
  return Math.max(1, (loadavg()[0] ?? 0) / availableParallelism())
}
