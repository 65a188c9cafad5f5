import { expect, it } from 'vitest'

import type { Series } from '../model/series.ts'
import { dropFuture } from './drop-future.ts'

const now = new Date('2026-07-15T19:00:00Z')
const at = now.getTime() / 1000

function seriesAt(...starts: number[]): Series {
  return {
    usagePoint: '1',
    channel: { commodity: 'electricity', direction: 'delivered', quantified: 'energy', unit: 'Wh' },
    exponent: 0,
    start: Float64Array.from(starts),
    duration: Uint32Array.from(starts, () => 3600),
    value: Float64Array.from(starts, (_start, row) => row),
    quality: Uint8Array.from(starts, () => 1),
    cost: Float64Array.from(starts, () => 5),
    tou: null,
    currency: 'USD',
  }
}

it('readings of a time that has not come are left out of every column', () => {
  const { series, dropped } = dropFuture(seriesAt(at - 7200, at - 3600, at + 200_000, at + 3.2e8), now)
  expect(dropped).toBe(2)
  expect(series).toEqual(seriesAt(at - 7200, at - 3600))
})

it('the running day may be told as a whole, by a clock that is ahead', () => {
  const told = seriesAt(at - 3600, at + 86_400)
  expect(dropFuture(told, now)).toEqual({ series: told, dropped: 0 })
})
