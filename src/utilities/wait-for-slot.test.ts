import { expect, it } from 'vitest'

import type { Slot } from '../storage/take-slot.ts'
import { waitForSlot } from './connections.ts'

it('claims a place anew whose moment passed while the database stalled, so that no two requests share a second', async () => {
  let now = 10_000
  const stalls = [2000, 300, 0]
  const claimed: number[] = []
  const claim = (): Promise<Slot> => {
    const at = new Date(now)
    claimed.push(now)
    now += stalls.shift() ?? 0
    return Promise.resolve({ granted: true, at })
  }
  const deps = { now: () => new Date(now), wait: () => Promise.resolve() }
  const quota = { perSecond: 1, perHour: null, perDay: null, dayStarts: null }
  await waitForSlot(claim, { ...deps, quota })
  expect(claimed).toEqual([10_000, 12_000, 12_300])
  stalls.push(2000)
  await waitForSlot(claim, { ...deps, quota: { ...quota, perSecond: null } })
  expect(claimed).toHaveLength(4)
})
