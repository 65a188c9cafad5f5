import { describe, expect, it } from 'vitest'

import type { Utility } from './contract.ts'
import { utilities, utilityBySlug, utilityOf } from './index.ts'
import { repairsOf } from './repairs.ts'
import { BadDefinition, validateUtility } from './validate.ts'

it('every utility is valid, has its repairs, and is found by id and slug', () => {
  expect(utilities.map(({ id }) => id)).toEqual(['PG&E', 'SCE', 'DEMO', 'CONSUMERS', 'LONDON', 'ALECTRA', 'PROXY'])
  for (const utility of utilities) {
    expect(validateUtility(utility)).toBe(utility)
    expect(utilityOf(utility.id)).toBe(utility)
    expect(utilityBySlug(utility.slug)).toBe(utility)
    expect(repairsOf(utility)).toHaveLength(utility.repairs.length)
  }
  expect(utilityBySlug('nowhere')).toBeNull()
  expect(() => utilityOf('NOWHERE')).toThrow(RangeError)
})

describe('a wrong definition is refused at start-up, and the message names the field', () => {
  const base = utilityOf('DEMO')
  it.each<[string, Record<string, unknown>]>([
    ['timezone', { timezone: 'Pacific' }],
    ['currency', { currency: 'dollars' }],
    ['environments', { environments: {} }],
    [
      'environments.production.tokenEndpoint',
      {
        environments: {
          production: { ...base.environments['simulated'], tokenEndpoint: 'http://utility.example/token' },
        },
      },
    ],
    ['oauth.clientAuthentication', { oauth: { ...base.oauth, clientAuthentication: 'none' } }],
    ['oauth.requestScope', { oauth: { ...base.oauth, requestScope: { kind: 'all' } } }],
    ['espi.paths.usage', { espi: { ...base.espi, paths: { ...base.espi.paths, usage: '/Batch' } } }],
    ['espi.paths.bulkFile', { espi: { ...base.espi, delivery: 'bulk-files' } }],
    ['espi.windowDays', { espi: { ...base.espi, windowDays: 0 } }],
    ['quota.perSecond', { quota: { ...base.quota, perSecond: 0 } }],
    ['products.billPdfs', { products: { ...base.products, billPdfs: true } }],
    ['(the definition)', { extra: 1 }],
  ])('%s', (field, change) => {
    const wrong: Utility = Object.assign({}, base, change)
    expect(() => validateUtility(wrong)).toThrow(BadDefinition)
    expect(() => validateUtility(wrong)).toThrow(`  ${field}`)
  })
})
