import { expect, it } from 'vitest'

import { TABLES } from '../../../test/samples/write-arbitraries.ts'
import { RESOURCES } from '../resources.ts'
import type { Field, Fields } from './fields.ts'

const tables: Record<string, Fields | undefined> = { ...TABLES.customer, ...TABLES.usage }

/** Paths of the fields of a tree for which `pick` is true; nothing below one that was picked. */
function paths(fields: Fields, pick: (field: Field) => boolean, path: string): string[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    if (pick(field)) return [`${path}.${name}`]
    return field.fields === undefined ? [] : paths(field.fields, pick, `${path}.${name}`)
  })
}

function unwritten(read: object, written: Fields | undefined, path: string): string[] {
  return Object.entries(read).flatMap(([name, node]: [string, unknown]) => {
    const field = written?.[name]
    if (field === undefined) return [`${path}.${name}`]
    const child: unknown = Array.isArray(node) ? node[0] : node
    return typeof child === 'object' && child !== null && field.refused === undefined
      ? unwritten(child, field.fields, `${path}.${name}`)
      : []
  })
}

/** Of one utility, of 1.0 alone, or in a place where no schema has it. */
const NO_ESPI = [
  'UsagePoint.pricingNode',
  'UsagePoint.loadAggregationPoint',
  'UsagePoint.serviceDeliveryPoint.tariffRiderRefs.riderType',
  'UsagePoint.serviceDeliveryPoint.tariffRiderRefs.enrollmentStatus',
  'UsagePoint.serviceDeliveryPoint.tariffRiderRefs.effectiveDate',
  'UsageSummary.billingPeriod.billingDate',
  'UsageSummary.tariffRiderRefs.riderType',
  'UsageSummary.tariffRiderRefs.enrollmentStatus',
  'UsageSummary.tariffRiderRefs.effectiveDate',
  'ElectricPowerUsageSummary.billingPeriod.billingDate',
  'ElectricPowerUsageSummary.tariffProfile',
  'ElectricPowerUsageSummary.readCycle',
  'ElectricPowerUsageSummary.tariffRiderRefs',
  'ElectricPowerUsageSummary.billingChargeSource',
  'LocalTimeParameters.name',
  'Authorization.authorizationServer',
  'Authorization.resource',
  'Authorization.thirdParty',
  'ApplicationInformation.dataCustodianDefaultBatchResource',
  'ApplicationInformation.dataCustodianDefaultSubscriptionResource',
  'ApplicationInformation.dataCustodianThirdPartyId',
  'ApplicationInformation.thirdPartyApplicationLogo',
  'ApplicationInformation.thirdPartyApplicationName',
  'ApplicationInformation.thirdPartyApplicationWebsite',
  'ApplicationInformation.thirdPartyDefaultBatchResource',
  'ApplicationInformation.thirdPartyDefaultNotifyResource',
  'ApplicationInformation.thirdPartyDefaultOAuthCallback',
  'ApplicationInformation.thirdPartyEmail',
  'ApplicationInformation.thirdPartyName',
]

it('of every resource that is read all is written, but for what is no ESPI', () => {
  const missing = Object.entries(RESOURCES).flatMap(([kind, read]) => unwritten(read, tables[kind], kind))
  expect(missing.filter((path) => !NO_ESPI.includes(path))).toEqual([])
  expect(missing).toContain('UsagePoint.pricingNode')
})

it('the common edition leaves out what not every schema has, and no more', () => {
  const recent = Object.entries(tables).flatMap(([kind, fields]) =>
    paths(fields ?? {}, (field) => field.recent === true, kind),
  )
  expect(
    recent.filter((path) => !/\.ext$|\.organisationName$|Effective?Date$|EffectiveDate$/.test(path)).sort(),
  ).toEqual([
    'Customer.customerName',
    'CustomerAccount.accountId',
    'CustomerAgreement.agreementId',
    'ElectricPowerUsageSummary.costAdditionalDetailLastPeriod.itemPeriod',
    'ElectricPowerUsageSummary.costAdditionalDetailLastPeriod.unitCost',
    'ServiceLocation.positionPoints',
    'UsagePoint.serviceDeliveryPoint',
    'UsageSummary.billingChargeSource',
    'UsageSummary.costAdditionalDetailLastPeriod.itemPeriod',
    'UsageSummary.costAdditionalDetailLastPeriod.unitCost',
    'UsageSummary.tariffRiderRefs',
  ])
})

it('what would change its meaning when left out is refused', () => {
  const refused = Object.entries(tables).flatMap(([kind, fields]) =>
    paths(fields ?? {}, (field) => field.refused !== undefined, kind),
  )
  expect(refused).toEqual(['MeterReading.ReadingType'])
})
