import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { sized } from '../size.ts'
import { cutSeries } from './feeds.ts'
import { feedsOfLengths, oracleOfLengths, shownOf, usageOf } from './lengths.ts'
import { type MeterKit, NOTHING, openMeterKit } from './meter-kit.ts'
import { expectSame } from './series-kit.ts'

const RUNS = { numRuns: sized(1000, 30) }
let kit: MeterKit
let newMeter: MeterKit['newMeter']

beforeAll(async () => {
  kit = await openMeterKit()
  newMeter = kit.newMeter
})
afterAll(async () => {
  await kit.close()
})

test('P2, in several lengths: any order of feeds shows one result, in which each moment counts once', async () => {
  const property = fc.asyncProperty(feedsOfLengths, fc.infiniteStream(fc.nat()), async (told, random) => {
    const meter = await newMeter()
    const order = new Map(told.map((one) => [one, random.next().value]))
    await meter.merge(told.toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0)))
    const shown = shownOf(await meter.read())
    expect(shown).toEqual(oracleOfLengths(told))
    for (const [at, { start }] of shown.entries()) {
      const before = shown[at - 1]
      expect((before?.start ?? -Infinity) + (before?.duration ?? 0)).toBeLessThanOrEqual(start)
    }
    const { told: sum, used } = usageOf(shown)
    expect(sum).toBe(used)
  })
  await fc.assert(property, RUNS)
})

test('P3, in several lengths: any splitting of a window shows one result', async () => {
  const property = fc.asyncProperty(feedsOfLengths, fc.infiniteStream(fc.nat()), async (told, random) => {
    const meter = await newMeter()
    const split = told.flatMap(({ feed, series }) => {
      const cut = random.next().value % (series.start.length + 1)
      return [cutSeries(series, cut, series.start.length), cutSeries(series, 0, cut)].map((part) => ({
        feed,
        series: part,
      }))
    })
    await meter.merge(split)
    expect(shownOf(await meter.read())).toEqual(oracleOfLengths(told))
  })
  await fc.assert(property, RUNS)
})

test('P1 and P5, in several lengths: a re-delivery, also by later feeds, changes nothing that shows', async () => {
  const property = fc.asyncProperty(feedsOfLengths, async (told) => {
    const meter = await newMeter()
    await meter.merge(told)
    const before = await meter.rows()
    for (const merged of await meter.merge(told)) expect(merged).toEqual(NOTHING)
    expect(await meter.rows()).toEqual(before)
    const again = told.map(({ feed, series }) => ({ feed: feed + 50, series }))
    for (const merged of await meter.merge(again)) expect(merged).toEqual(NOTHING)
    expect(await meter.rows()).toEqual(before)
  })
  await fc.assert(property, RUNS)
})

test('coverage, count and sums of months follow what shows', async () => {
  const property = fc.asyncProperty(feedsOfLengths, async (told) => {
    const meter = await newMeter()
    await meter.merge(told)
    const shown = shownOf(await meter.read())
    const spans: [number, number][] = []
    for (const { start, duration } of shown) {
      const last = spans.at(-1)
      if (last?.[1] === start) last[1] = start + duration
      else spans.push([start, start + duration])
    }
    expect(await meter.counted()).toEqual({ coverage: spans, count: shown.length })
    const sum = shown.reduce((all, { value }) => all + value, 0)
    expectSame((await meter.monthly()).total, { digits: BigInt(sum), exponent: -3 })
  })
  await fc.assert(property, RUNS)
})
