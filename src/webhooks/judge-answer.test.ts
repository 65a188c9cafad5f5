import { describe, expect, it } from 'vitest'

import { judgeAnswer, RETRY_AFTER_MS } from './judge-answer.ts'

const now = new Date('2026-11-26T12:00:00Z')
const judge = (status: number | null, retryAfter: string | null = null, attempts = 1, random = 0) =>
  judgeAnswer(status === null ? { status, error: 'timed_out' } : { status, retryAfter }, attempts, {
    now,
    random: () => random,
  })
const after = (ms: number): Date => new Date(now.getTime() + ms)
const MINUTE = 60_000

describe('an answer', () => {
  it.each([200, 201, 204])('%i is success', (status) => {
    expect(judge(status)).toEqual({ outcome: 'delivered', nextTry: null, endpoint: { slowUntil: null, gone: false } })
  })

  it.each([301, 302, 307, 308, 400, 401, 404, 500, 503])('%i is tried again', (status) => {
    expect(judge(status)).toMatchObject({ outcome: 'again', nextTry: after(5000), endpoint: { slowUntil: null } })
  })

  it('410 gives up and means that the endpoint is gone', () => {
    expect(judge(410)).toMatchObject({ outcome: 'given_up', endpoint: { gone: true } })
  })

  it.each([429, 502, 504])('%i slows the endpoint for a minute', (status) => {
    expect(judge(status)).toMatchObject({ nextTry: after(MINUTE), endpoint: { slowUntil: after(MINUTE) } })
  })

  it.each([
    ['90', 90_000],
    ['Thu, 26 Nov 2026 12:02:00 GMT', 120_000],
    ['99999999999', 24 * 60 * MINUTE],
    ['1', MINUTE],
  ])('Retry-After %s is kept to, within a minute and a day', (text, ms) => {
    expect(judge(503, text)).toMatchObject({ nextTry: after(ms), endpoint: { slowUntil: after(ms) } })
  })

  it.each(['soon', '-5', 'Thu, 26 Nov 2020 12:02:00 GMT'])('Retry-After %s means nothing', (text) => {
    expect(judge(503, text)).toMatchObject({ nextTry: after(5000), endpoint: { slowUntil: null } })
  })
})

it('without success there are ten attempts in a little more than three days, each within its jitter', () => {
  const pauses = (random: number): (number | null)[] =>
    Array.from({ length: 10 }, (_, at) => {
      const { nextTry } = judge(null, null, at + 1, random)
      return nextTry === null ? null : nextTry.getTime() - now.getTime()
    })
  expect(pauses(0)).toEqual([...RETRY_AFTER_MS, null])
  expect(pauses(1)).toEqual([...RETRY_AFTER_MS.map((ms) => ms * 1.2), null])
  const days = RETRY_AFTER_MS.reduce((sum, ms) => sum + ms) / 86_400_000
  expect(days).toBeGreaterThan(3)
  expect(days).toBeLessThan(3.5)
})
