import { expect, it } from 'vitest'

import { allowedResource } from './allowed.ts'
import { utilityOf } from './index.ts'

const production = utilityOf('PG&E').environments['production']
if (!production) throw new Error('PG&E has a production environment')
const addresses = production
const base = 'https://api.pge.com/GreenButtonConnect/espi/1_1/resource'

it.each([
  `${base}/Batch/Bulk/50916?correlationID=3f6b-11`,
  `${base}/Batch/Subscription/1/UsagePoint/2?published-min=2026-01-01T00:00:00Z&published-max=2026-02-01T00:00:00Z`,
  `${base}/Subscription/1/UsagePoint/2/MeterReading/NzI6bnVsbDo5MDA6MQ==`,
  'https://API.PGE.com:443/GreenButtonConnect/espi/1_1/resource/Authorization/1',
])('%s is the utility’s', (url) => {
  expect(allowedResource(addresses, url)?.origin).toBe('https://api.pge.com')
})

it.each([
  'https://api.pge.com.evil.example/GreenButtonConnect/espi/1_1/resource/Batch/Bulk/1',
  'https://evil.example/GreenButtonConnect/espi/1_1/resource/Batch/Bulk/1',
  'https://api.pge.com@evil.example/GreenButtonConnect/espi/1_1/resource/Batch/Bulk/1',
  'https://user:pass@api.pge.com/GreenButtonConnect/espi/1_1/resource/Batch/Bulk/1',
  'http://api.pge.com/GreenButtonConnect/espi/1_1/resource/Batch/Bulk/1',
  'https://api.pge.com:8443/GreenButtonConnect/espi/1_1/resource/Batch/Bulk/1',
  'https://api.pge.com/datacustodian/oauth/v2/token',
  base,
  `${base}x/Batch`,
  `${base}/../secret`,
  `${base}/%2e%2e/secret`,
  `${base}/..%2fsecret`,
  `${base}/..%5csecret`,
  `${base}/%zz`,
  `${base}/Batch#fragment`,
  `${base}/Batch?url=https://evil.example`,
  `${base}/${'x'.repeat(3000)}`,
  'sftp://api.pge.com/GreenButtonConnect/espi/1_1/resource/x',
  'file:///etc/passwd',
  '//api.pge.com/GreenButtonConnect/espi/1_1/resource/x',
  '',
])('%s is never fetched', (url) => {
  expect(allowedResource(addresses, url)).toBeNull()
})
