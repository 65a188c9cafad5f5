import { expect, test } from 'vitest'

import { shareLanes } from './share-lanes.ts'

test('a registration may have all lanes, until its quota refuses a window', () => {
  const shares = shareLanes(8)
  const leave = Array.from({ length: 7 }, () => shares.enter('1'))
  expect(shares.crowded()).toEqual([])
  leave.push(shares.enter('1'))
  expect(shares.crowded()).toEqual(['1'])
  for (const each of leave) each(false)
  expect(shares.crowded()).toEqual([])
})

test('what is refused halves its share, what is not gives one back, and others keep theirs', () => {
  const shares = shareLanes(8)
  const [first, ...rest] = Array.from({ length: 8 }, () => shares.enter('1'))
  first?.(true)
  expect(shares.crowded()).toEqual(['1'])
  for (const each of rest.splice(0, 4)) each(false) // 3 in work, 8 may be
  expect(shares.crowded()).toEqual([])
  for (const each of rest.splice(0, 3)) each(true) // 2, 1, 0 others: 1 may be
  const only = shares.enter('1')
  const other = shares.enter('2')
  expect(shares.crowded()).toEqual(['1'])
  only(false)
  other(false)
  shares.enter('1')
  expect(shares.crowded()).toEqual([])
  shares.enter('1')
  expect(shares.crowded()).toEqual(['1'])
})
