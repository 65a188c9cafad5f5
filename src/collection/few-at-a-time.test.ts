import { expect, test } from 'vitest'

import { fewAtATime } from './few-at-a-time.ts'

const { signal } = new AbortController()

test('places are given in order, as many as there are', async () => {
  const take = fewAtATime(2)
  const given: number[] = []
  const asked = [0, 1, 2, 3].map(async (at) => {
    const giveBack = await take(signal)
    given.push(at)
    return giveBack
  })
  const [first, second] = await Promise.all(asked.slice(0, 2))
  expect(given).toEqual([0, 1])
  second?.()
  await asked[2]
  expect(given).toEqual([0, 1, 2])
  first?.()
  await asked[3]
  expect(given).toEqual([0, 1, 2, 3])
})

test('who gives up takes nobody else’s place', async () => {
  const take = fewAtATime(1)
  const giveBack = await take(signal)
  const impatient = new AbortController()
  const gaveUp = take(impatient.signal)
  const next = take(signal)
  impatient.abort(new Error('gave up'))
  await expect(gaveUp).rejects.toThrow('gave up')
  giveBack()
  ;(await next)()
  await expect(take(impatient.signal)).rejects.toThrow('gave up')
  ;(await take(signal))()
})
