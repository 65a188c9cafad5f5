import { expect, it } from 'vitest'

import { resourceId, uuidV5 } from './resource-id.ts'

it('a version 5 UUID is the one of RFC 9562, appendix A.4', () => {
  expect(uuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2')
})

const base = 'https://a.example/espi/1_1/resource'

it('an id is the same with every authorization, and for ever', () => {
  const id = 'urn:uuid:'
  const of = (subscription: string): string =>
    resourceId(`${base}/Subscription/${subscription}/UsagePoint/5/MeterReading/1/IntervalBlock/1700000000`)
  expect(of('1')).toBe(of('abc'))
  expect(of('1')).toMatch(new RegExp(`^${id}[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`))
  expect(of('1')).toBe('urn:uuid:eb126caf-c66d-5029-94dc-04204d8e0b1e')
})

it('other resources and other custodians have other ids', () => {
  const addresses = [
    `${base}/Subscription/1/UsagePoint/5`,
    `${base}/Subscription/1/UsagePoint/6`,
    `${base}/Subscription/1/UsagePoint`,
    `${base}/Subscription/1`,
    `${base}/Subscription/2`,
    `${base}/Batch/Subscription/1`,
    `https://b.example/espi/1_1/resource/Subscription/1/UsagePoint/5`,
  ]
  expect(new Set(addresses.map(resourceId)).size).toBe(addresses.length)
})
