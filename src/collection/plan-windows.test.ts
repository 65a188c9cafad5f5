import { expect, it } from 'vitest'

import { addLocalDays, localDate, localMidnight } from '../units/local-days.ts'
import { utilityBySlug } from '../utilities/index.ts'
import type { Utility } from '../utilities/contract.ts'
import { isConsented, planFirst, planRefresh, planUsage, planUsagePoint } from './plan-windows.ts'

const timezone = 'America/Los_Angeles'
const now = Date.parse('2026-11-25T02:00:00Z') / 1000
const reach = { historyStart: addLocalDays(now, -400, timezone), now, timezone }

function espiOf(slug: string): Utility['espi'] {
  const utility = utilityBySlug(slug)
  if (!utility) throw new Error(`no utility ${slug}`)
  return utility.espi
}

it('usage windows tile the time from consent to the end of the running day, newest first, at local midnights', () => {
  const windows = planUsage(espiOf('pge'), 'u', reach)
  expect(windows[0]?.to).toBe(addLocalDays(now, 1, timezone))
  expect(windows.at(-1)?.from).toBe(localMidnight(reach.historyStart, timezone))
  for (const { from, to } of windows) {
    expect(localMidnight(from, timezone)).toBe(from)
    expect(to).toBeGreaterThan(from)
  }
  expect(windows.slice(1).map(({ to }) => to)).toEqual(windows.slice(0, -1).map(({ from }) => from))
})

it('the newest window goes before the bills, and history last, newest first', () => {
  const windows = planUsagePoint(espiOf('pge'), 'u', reach)
  const order = windows.toSorted((a, b) => a.priority - b.priority)
  expect(order[0]).toMatchObject({ product: 'usage', to: addLocalDays(now, 1, timezone) })
  expect(order[1]?.product).toBe('bills')
  const history = order.slice(2).map(({ to }) => to)
  expect(history).toEqual(history.toSorted((a, b) => b - a))
})

it('nothing is asked from before the history that the utility keeps', () => {
  const espi = { ...espiOf('pge'), historyDays: 100 }
  const oldest = planUsage(espi, 'u', reach).at(-1)
  expect(localDate(oldest?.from ?? 0, timezone)).toBe(localDate(addLocalDays(now, -100, timezone), timezone))
})

it('where files bring everything, known files are taken and the request stays until one with this customer has come', () => {
  const products = planFirst(espiOf('sce'), reach, ['https://x/RCUST', 'https://x/REVQ']).map(({ product }) => product)
  expect(products).toEqual(['file', 'file', 'bulk_request'])
})

it('a refresh goes back to where data was had last, when that is longer ago than usual', () => {
  const espi = espiOf('demo')
  const usual = planRefresh(espi, [], reach, now)
  const late = planRefresh(espi, [], reach, addLocalDays(now, -90, timezone))
  const oldest = (windows: typeof usual): number => Math.min(...windows.map(({ from }) => from))
  expect(oldest(usual)).toBe(addLocalDays(now, -espi.refreshDays, timezone))
  expect(oldest(late)).toBe(addLocalDays(now, -90, timezone))
})

it('a refresh never goes back before the consent', () => {
  const young = { ...reach, historyStart: addLocalDays(now, -3, timezone) }
  for (const { from } of planRefresh(espiOf('demo'), [], young, null))
    expect(from).toBeGreaterThanOrEqual(young.historyStart)
})

it.each([
  ['customer', ['intervals'], 'pge', false],
  ['customer', ['accounting'], 'pge', true],
  ['usage', ['meters'], 'pge', false],
  ['usage', ['bills'], 'pge', false],
  ['usage', ['bills'], 'demo', true],
  ['bills', ['bills'], 'pge', true],
  ['bills', ['intervals', 'meters', 'accounting'], 'pge', false],
] as const)('a request for %s under consent to %j at %s is made: %s', (product, classes, slug, made) => {
  expect(isConsented(product, classes, espiOf(slug))).toBe(made)
})
