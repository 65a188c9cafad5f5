import { expect, it } from 'vitest'

import { parseBytes } from '../espi/parse.ts'
import type { DecodedFeed } from '../model/decoded-feed.ts'
import { normalizeFeed } from './normalize-feed.ts'

const ACCOUNT = '/RetailCustomer/9/Customer/c/CustomerAccount/a'
const AGREEMENT = `${ACCOUNT}/CustomerAgreement/1000`

function decode(...entries: [self: string, content: string][]): DecodedFeed {
  const body = entries.map(
    ([self, content]) => `<entry><link rel="self" href="${self}"/><content>${content}</content></entry>`,
  )
  const feed = `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:c="http://naesb.org/espi/customer" xmlns:e="http://naesb.org/espi">${body.join('')}</feed>`
  const { entries: parsed } = parseBytes(
    new TextEncoder().encode(feed.replaceAll(/<(\/?)(?!feed|entry|link|content|\/|[ce]:)(\w)/g, '<$1c:$2')),
  )
  return normalizeFeed(parsed, { timezone: 'UTC', currency: 'USD', billPeriod: 'local-midnight' })
}

it('usage point and agreement of one feed are one meter, joined by the same id', () => {
  const { meters } = decode(
    [
      '/Subscription/9/UsagePoint/1000',
      '<e:UsagePoint><e:ServiceCategory><e:kind>0</e:kind></e:ServiceCategory><e:status>1</e:status></e:UsagePoint>',
    ],
    [AGREEMENT, '<CustomerAgreement><name>SA-1</name><type>COM</type></CustomerAgreement>'],
  )
  expect(meters).toMatchObject([
    {
      usagePoint: '1000',
      serviceIdentifier: 'SA-1',
      serviceClass: 'comm-electric',
      customerClass: 'comm',
      status: 'active',
    },
  ])
})

it('a service location that names its usage point joins by that', () => {
  const { meters, billingAccounts } = decode(
    [ACCOUNT, '<CustomerAccount><accountId>7</accountId></CustomerAccount>'],
    [AGREEMENT, '<CustomerAgreement><agreementId>SA-1</agreementId></CustomerAgreement>'],
    [
      `${AGREEMENT}/ServiceLocation/l`,
      '<ServiceLocation><UsagePoints><UsagePoint>\n https://u.example/Subscription/9/UsagePoint/42 </UsagePoint></UsagePoints></ServiceLocation>',
    ],
  )
  expect(meters).toMatchObject([{ usagePoint: '42', serviceIdentifier: 'SA-1', billingAccount: '7' }])
  expect(billingAccounts).toMatchObject([{ accountNumber: '7', usagePoints: ['42'] }])
})

it('contact and address come from the account, else from the customer', () => {
  const address =
    '<postalAddress><streetDetail><addressGeneral>1 A ST</addressGeneral></streetDetail><townDetail><name>TOWN</name><stateOrProvince>CA</stateOrProvince></townDetail><postalCode>90000</postalCode></postalAddress>'
  const customer: [string, string] = [
    '/RetailCustomer/9/Customer/c',
    `<Customer><Organisation>${address}</Organisation><customerName>P. Sample</customerName></Customer>`,
  ]
  expect(decode(customer, [ACCOUNT, '<CustomerAccount><name>7</name></CustomerAccount>']).billingAccounts).toEqual([
    { accountNumber: '7', billingContact: 'P. Sample', billingAddress: '1 A ST, TOWN CA 90000', usagePoints: [] },
  ])
  const own =
    '<CustomerAccount><name>7</name><contactInfo><streetAddress><poBox>12</poBox></streetAddress><organisationName>Firm</organisationName></contactInfo></CustomerAccount>'
  expect(decode([ACCOUNT, own]).billingAccounts).toMatchObject([
    { billingContact: 'Firm', billingAddress: 'PO BOX 12' },
  ])
})

it('a supplier is who is not the utility itself', () => {
  const supplier = (kind: string, issuer: string, name = ''): [string, string] => [
    `${AGREEMENT}/ServiceSupplier/${kind}`,
    `<ServiceSupplier>${name && `<Organisation><organisationName>${name}</organisationName></Organisation>`}<kind>${kind}</kind><issuerIdentificationNumber>${issuer}</issuerIdentificationNumber></ServiceSupplier>`,
  ]
  const own = [supplier('msp', 'UTIL'), supplier('mdma', 'UTIL')] as const
  expect(decode(...own, supplier('lse', 'UTIL')).meters[0]?.suppliers).toEqual([])
  expect(decode(...own, supplier('lse', 'OTHER')).meters[0]?.suppliers).toMatchObject([
    { supplier_type: 'third_party', supplier_name: 'OTHER' },
  ])
  expect(decode(...own, supplier('retailer', 'R', 'Retail Inc')).meters[0]?.suppliers).toMatchObject([
    { supplier_type: 'direct_access', supplier_name: 'Retail Inc' },
  ])
})

it('several agreements under one account stay apart, and their meters with them', () => {
  const { meters, billingAccounts } = decode(
    [ACCOUNT, '<CustomerAccount><name>7</name></CustomerAccount>'],
    [`${ACCOUNT}/CustomerAgreement/2/ServiceLocation/x/Meter/m2`, '<Meter><serialNumber>222</serialNumber></Meter>'],
    [`${ACCOUNT}/CustomerAgreement/1/ServiceLocation/x/Meter/m1`, '<Meter><serialNumber>111</serialNumber></Meter>'],
    [`${ACCOUNT}/CustomerAgreement/1/ServiceLocation/x/Meter/m3`, '<Meter><serialNumber>333</serialNumber></Meter>'],
  )
  expect(meters.map(({ usagePoint, meterNumbers }) => [usagePoint, meterNumbers])).toEqual([
    ['2', ['222']],
    ['1', ['111', '333']],
  ])
  expect(billingAccounts[0]?.usagePoints).toEqual(['2', '1'])
})
