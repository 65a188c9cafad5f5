import { expect, it } from 'vitest'

import { linkType } from './link-type.ts'

const base = 'https://a.example/espi/1_1/resource'

it.each([
  ['usage', `${base}/Subscription/1/UsagePoint/2`, 'espi-entry/UsagePoint'],
  ['usage', `${base}/Subscription/1/UsagePoint/2/MeterReading/`, 'espi-feed/MeterReading'],
  ['usage', `${base}/Batch/Subscription/1?published-min=2024-01-01T00:00:00Z`, 'espi-entry/Subscription'],
  ['usage', `${base}/LocalTimeParameters/1`, 'espi-entry/LocalTimeParameters'],
  ['customer', `${base}/LocalTimeParameters/1`, 'cust-entry/LocalTimeParameters'],
  ['customer', `${base}/RetailCustomer/1/Customer`, 'cust-feed/Customer'],
  ['customer', `${base}/Subscription/1/UsagePoint/2`, 'espi-entry/UsagePoint'],
  ['usage', `${base}/RetailCustomer/1`, 'cust-entry/RetailCustomer'],
  ['usage', 'https://cert.example/certificate/1', 'application/atom+xml'],
] as const)('in a %s feed %s is %s', (side, href, type) => {
  expect(linkType(side, href)).toBe(type)
})
