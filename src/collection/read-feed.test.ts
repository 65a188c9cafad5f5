import { expect, it } from 'vitest'

import { parseBytes } from '../espi/parse.ts'
import { dropForeign } from './drop-foreign.ts'

const base = 'https://utility.example/espi/1_1/resource'
const entry = (subscription: string): string =>
  `<entry><link rel="self" href="${base}/Subscription/${subscription}/UsagePoint/7"/><link rel="up" href="${base}/Subscription/${subscription}/UsagePoint"/><content><UsagePoint xmlns="http://naesb.org/espi"/></content></entry>`
const feed = (...subscriptions: string[]): Uint8Array =>
  Buffer.from(`<feed xmlns="http://www.w3.org/2005/Atom">${subscriptions.map(entry).join('\n')}</feed>`)
const mine = { subscription: '42', retailCustomer: '42' }

it('a feed of our subscription alone stays as it is', () => {
  const bytes = feed('42', '42')
  expect(dropForeign(bytes, mine)).toEqual({ bytes, foreign: 0 })
})

it.each(['43', '4', '421', 'x42'])('an entry of subscription %s is left out and counted', (other) => {
  const { bytes, foreign } = dropForeign(feed('42', other), mine)
  expect(foreign).toBe(1)
  expect(parseBytes(bytes).entries.map(({ self }) => self)).toEqual([`${base}/Subscription/42/UsagePoint/7`])
})

it('a feed of another subscription alone leaves nothing', () => {
  const { bytes, foreign } = dropForeign(feed('43', '44'), mine)
  expect(foreign).toBe(2)
  expect(parseBytes(bytes).entries).toEqual([])
})
