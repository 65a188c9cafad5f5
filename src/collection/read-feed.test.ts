import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'

import { expect, it } from 'vitest'

import { FeedRejected } from '../espi/errors.ts'
import { parseBytes } from '../espi/parse.ts'
import { UtilityUnavailable } from '../utilities/errors.ts'
import { inflate, inflateWhole, plainBody, type WireBody } from '../utilities/inflate.ts'
import { FETCH_LIMITS } from '../utilities/transport.ts'
import { readFeed } from './read-feed.ts'

const base = 'https://utility.example/espi/1_1/resource'
const entry = (subscription: string): string =>
  `<entry><link rel="self" href="${base}/Subscription/${subscription}/UsagePoint/7"/><link rel="up" href="${base}/Subscription/${subscription}/UsagePoint"/><content><UsagePoint xmlns="http://naesb.org/espi"/></content></entry>`
const text = (...subscriptions: string[]): string =>
  `<feed xmlns="http://www.w3.org/2005/Atom">${subscriptions.map(entry).join('\n')}</feed>`
const plain = (body: string): WireBody => plainBody(Buffer.from(body), FETCH_LIMITS)
const zipped = (body: string): WireBody => ({ wire: gzipSync(body), coding: 'gzip', limits: FETCH_LIMITS })
const mine = { subscription: '42', retailCustomer: '42' }
/** Longer than several pieces, so that marks are cut off somewhere. */
const LONG = `<!-- ${'x'.repeat(60_000)} -->`.repeat(12)

it.each([plain, zipped])('a feed of our subscription alone stays as it came', async (make) => {
  const body = make(text('42', '42'))
  const read = await readFeed(body, mine)
  expect(read).toMatchObject({ size: text('42', '42').length, foreign: 0, feed: parseBytes(await inflateWhole(body)) })
  expect(read.body).toBe(body)
})

it.each(['43', '4', '421', 'x42'])('an entry of subscription %s is left out and counted', async (other) => {
  for (const body of [plain(text('42', other)), zipped(text('42', other))]) {
    const { body: kept, feed, foreign } = await readFeed(body, mine)
    expect(foreign).toBe(1)
    expect(feed).toEqual(parseBytes(await inflateWhole(kept)))
    expect(feed).toMatchObject({ entries: [{ self: `${base}/Subscription/42/UsagePoint/7` }] })
    expect(Buffer.from(await inflateWhole(kept)).toString()).not.toContain(`Subscription/${other}/`)
  }
})

it('a feed of another subscription alone leaves nothing', async () => {
  expect(await readFeed(plain(text('43', '44')), mine)).toMatchObject({ foreign: 2, feed: { entries: [] } })
})

it('an entry of another one is found in UTF-16, too', async () => {
  const wide = plainBody(Buffer.from(`\uFEFF${text('42', '43')}`, 'utf16le'), FETCH_LIMITS)
  expect(await readFeed(wide, mine)).toMatchObject({ foreign: 1, feed: { entries: [{}] } })
})

it.each([text('42').slice(0, -10), `${text('42')}<html>`, LONG + text('42').slice(0, -10), 'no feed at all'])(
  'a feed that cannot be read is kept whole, with its refusal: %#',
  async (broken) => {
    for (const body of [plain(broken), zipped(broken)]) {
      const read = await readFeed(body, mine)
      expect(read).toMatchObject({ size: broken.length, foreign: 0 })
      expect(read.feed).toBeInstanceOf(FeedRejected)
      expect(read.body).toBe(body)
    }
  },
)

it('a feed that cannot be read and names another one is not kept, wherever the name stands', async () => {
  for (const before of [0, 1, 262_100, 262_120, 262_130, 262_139, 262_144, 524_280])
    for (const other of ['43', '421', '4']) {
      const broken = `${'<!--'.padEnd(before, 'x')}--><feed href="${base}/Subscription/${other}`
      await expect(readFeed(plain(`${broken}/x">`), mine)).rejects.toBeInstanceOf(FeedRejected)
      await expect(readFeed(plain(broken), mine)).rejects.toBeInstanceOf(FeedRejected)
    }
})

it('a feed that grows beyond its limits is no feed', async () => {
  const limits = { wireBytes: 1e9, inflatedBytes: 3_000_000, ratio: 200 }
  const bomb = (bytes: Buffer): WireBody => ({ wire: gzipSync(bytes), coding: 'gzip', limits })
  await expect(readFeed(bomb(Buffer.alloc(2_000_000, ' ')), mine)).rejects.toMatchObject({ code: 'inflation_ratio' })
  await expect(readFeed(bomb(randomBytes(3_100_000)), mine)).rejects.toMatchObject({ code: 'too_large' })
  const cut: WireBody = { wire: gzipSync(text('42')).subarray(0, 60), coding: 'gzip', limits }
  await expect(readFeed(cut, mine)).rejects.toBeInstanceOf(UtilityUnavailable)
})

it('a body of many pieces says the same piece by piece and whole', async () => {
  const many = text(...Array.from({ length: 3600 }, () => '42'))
  expect(Buffer.from(await inflateWhole(zipped(many))).toString()).toBe(many)
  expect((await readFeed(zipped(many), mine)).feed).toEqual(parseBytes(Buffer.from(many)))
})

it('whoever gives up ends the reading', async () => {
  await expect(readFeed(plain(text('42')), mine, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' })
})

it('other work gets its turn between two pieces of a body', async () => {
  const turns: number[] = []
  let turn = 0
  const work = (): void => {
    turn++
    next = setImmediate(work)
  }
  let next = setImmediate(work)
  for await (const _piece of inflate(plain(' '.repeat(1_000_000)))) turns.push(turn)
  clearImmediate(next)
  expect(turns.length).toBeGreaterThan(3)
  expect(turns.every((one, at) => at === 0 || one > (turns[at - 1] ?? 0))).toBe(true)
})
