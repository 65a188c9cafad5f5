import type { ContentKind } from '../entry.ts'

/**
 * What is written of each resource, in the order of the schemas: only what 4.0, 3.3, the harness of 2019, 2014 and PG&E's
 * schema all have, so that one output is valid under each. Left out for that: serviceDeliveryPoint (its spelling changed),
 * unitCost and itemPeriod of line items, tariffRiderRefs and billingChargeSource (not in 2014), and of the customer feed
 * customerName, organisationName, accountId and agreementId (not before 3.3; `name` is in all).
 *
 * null: text, number or code · an object: a child with elements of its own. Lists are known by their values.
 */
export type Written = null | { readonly [name: string]: Written }

const period = { duration: null, start: null }
const measurement = { powerOfTenMultiplier: null, timeStamp: null, uom: null, value: null, readingTypeRef: null }
const ratio = { numerator: null, denominator: null }
const address = {
  streetDetail: {
    number: null,
    name: null,
    suffix: null,
    prefix: null,
    type: null,
    code: null,
    buildingName: null,
    suiteNumber: null,
    addressGeneral: null,
  },
  townDetail: { code: null, section: null, name: null, county: null, stateOrProvince: null, country: null },
  postalCode: null,
  poBox: null,
}
const phone = { countryCode: null, areaCode: null, cityCode: null, localNumber: null }
const electronicAddress = { email1: null, email2: null, web: null }
const organisation = {
  streetAddress: address,
  postalAddress: address,
  phone1: phone,
  phone2: phone,
  electronicAddress,
}

export const USAGE: Partial<Record<ContentKind, Written>> = {
  LocalTimeParameters: { dstEndRule: null, dstOffset: null, dstStartRule: null, tzOffset: null },
  UsagePoint: {
    roleFlags: null,
    ServiceCategory: { kind: null },
    status: null,
    amiBillingReady: null,
    connectionState: null,
    outageRegion: null,
    phaseCode: null,
    readCycle: null,
    readRoute: null,
  },
  MeterReading: {},
  ReadingType: {
    accumulationBehaviour: null,
    commodity: null,
    consumptionTier: null,
    currency: null,
    dataQualifier: null,
    defaultQuality: null,
    flowDirection: null,
    intervalLength: null,
    kind: null,
    phase: null,
    powerOfTenMultiplier: null,
    timeAttribute: null,
    tou: null,
    uom: null,
    cpp: null,
    interharmonic: ratio,
    measuringPeriod: null,
    argument: ratio,
  },
  UsageSummary: {
    billingPeriod: period,
    billLastPeriod: null,
    billToDate: null,
    costAdditionalLastPeriod: null,
    costAdditionalDetailLastPeriod: {
      amount: null,
      rounding: null,
      dateTime: null,
      note: null,
      measurement,
      itemKind: null,
    },
    currency: null,
    overallConsumptionLastPeriod: measurement,
    currentBillingPeriodOverAllConsumption: measurement,
    currentDayLastYearNetConsumption: measurement,
    currentDayNetConsumption: measurement,
    currentDayOverallConsumption: measurement,
    peakDemand: measurement,
    previousDayLastYearOverallConsumption: measurement,
    previousDayNetConsumption: measurement,
    previousDayOverallConsumption: measurement,
    qualityOfReading: null,
    ratchetDemand: measurement,
    ratchetDemandPeriod: period,
    statusTimeStamp: null,
    commodity: null,
    tariffProfile: null,
    readCycle: null,
  },
}

export const CUSTOMER: Partial<Record<ContentKind, Written>> = {
  Customer: { name: null, Organisation: organisation, kind: null, specialNeed: null, pucNumber: null, locale: null },
  CustomerAccount: {
    name: null,
    billingCycle: null,
    budgetBill: null,
    lastBillAmount: null,
    contactInfo: organisation,
  },
  CustomerAgreement: {
    name: null,
    signDate: null,
    validityInterval: period,
    loadMgmt: null,
    isPrePay: null,
    shutOffDateTime: null,
    PricingStructures: null,
    currency: null,
  },
  ServiceLocation: {
    type: null,
    mainAddress: address,
    secondaryAddress: address,
    phone1: phone,
    phone2: phone,
    electronicAddress,
    geoInfoReference: null,
    direction: null,
    accessMethod: null,
    siteAccessProblem: null,
    needsInspection: null,
    UsagePoints: { UsagePoint: null },
    outageBlock: null,
  },
  ServiceSupplier: {
    name: null,
    Organisation: organisation,
    kind: null,
    issuerIdentificationNumber: null,
    effectiveDate: null,
  },
  Meter: {
    name: null,
    type: null,
    utcNumber: null,
    serialNumber: null,
    lotNumber: null,
    isVirtual: null,
    isPan: null,
    installCode: null,
    amrSystem: null,
    formNumber: null,
    MeterMultipliers: { kind: null, value: null },
    intervalLength: null,
  },
}
