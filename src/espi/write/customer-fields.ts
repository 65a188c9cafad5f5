import type { ContentKind } from '../entry.ts'
import * as f from './fields.ts'

/**
 * What is written of each resource of the customer feed. Sources: customer.xsd 4.0.20231213, retailcustomer.xsd of 2020, 2019
 * and 2018; 2014 has none. They differ in that customerName, organisationName, accountId and agreementId came with 3.3 (`name`
 * is in all), Statement with 4.0, and 2018 has no positionPoints or extensions of telephone numbers and closed enumerations.
 */
const address = f.group({
  streetDetail: f.group({
    number: f.text(256),
    name: f.text(256),
    suffix: f.text(256),
    prefix: f.text(256),
    type: f.text(256),
    code: f.text(256),
    buildingName: f.text(256),
    suiteNumber: f.text(256),
    addressGeneral: f.text(256),
    addressGeneral2: f.text(256),
    addressGeneral3: f.text(256),
    withinTownLimits: f.flag,
  }),
  townDetail: f.group({
    code: f.text(256),
    section: f.text(256),
    name: f.text(256),
    county: f.text(256),
    stateOrProvince: f.text(256),
    country: f.text(256),
  }),
  status: status(),
  postalCode: f.text(256),
  poBox: f.text(256),
})
const phone = f.group({
  countryCode: f.text(256),
  areaCode: f.text(256),
  cityCode: f.text(256),
  localNumber: f.text(256),
  ext: f.recent(f.text(256)),
  dialOut: f.text(256),
  internationalPrefix: f.text(256),
  ituPhone: f.text(256),
})
const electronicAddress = f.group({
  lan: f.text(256),
  mac: f.text(256),
  email1: f.text(256),
  email2: f.text(256),
  web: f.text(256),
  radio: f.text(256),
  userID: f.text(256),
  password: f.text(256),
})
const organisation = f.group({
  streetAddress: address,
  postalAddress: address,
  phone1: phone,
  phone2: phone,
  electronicAddress,
  organisationName: f.recent(f.text(256)),
})
/** Stands first in every resource. */
const identified: f.Fields = { batchItemInfo: f.batchItemInfo, name: f.text(64) }
const document: f.Fields = {
  ...identified,
  type: f.text(256),
  authorName: f.text(256),
  createdDateTime: f.moment,
  lastModifiedDateTime: f.moment,
  revisionNumber: f.text(256),
  electronicAddress,
  subject: f.text(256),
  title: f.text(256),
  docStatus: status(),
  status: status(),
  comment: f.text(256),
}

export const CUSTOMER = {
  LocalTimeParameters: { ...identified, ...f.localTime },
  Customer: {
    ...identified,
    Organisation: organisation,
    kind: f.words(
      'residential residentialAndCommercial residentialAndStreetlight residentialStreetlightOthers residentialFarmService ' +
        'commercialIndustrial pumpingLoad windMachine energyServiceSupplier energyServiceScheduler enterprise ' +
        'regionalOperator subsidiary internalUse other',
    ),
    specialNeed: f.text(256),
    vip: f.flag,
    pucNumber: f.text(256),
    status: status(),
    priority: f.group({ rank: f.must(f.moment), type: f.text(256), justification: f.text(256) }),
    locale: f.text(256),
    customerName: f.recent(f.text(256)),
  },
  CustomerAccount: {
    ...document,
    billingCycle: f.text(256),
    budgetBill: f.text(256),
    lastBillAmount: f.amount,
    notifications: f.group({
      methodKind: f.must(f.words('call email letter other ivr')),
      time: f.must(f.moment),
      note: f.empty(f.text(256)),
      customerNotificationKind: f.empty(f.text(256)),
    }),
    contactInfo: organisation,
    accountId: f.recent(f.text(256)),
  },
  CustomerAgreement: {
    ...document,
    signDate: f.moment,
    validityInterval: f.group({ duration: f.seconds, start: f.moment }),
    loadMgmt: f.text(256),
    isPrePay: f.flag,
    shutOffDateTime: f.moment,
    DemandResponseProgram: demandResponseProgram(),
    PricingStructures: f.uri,
    currency: f.code,
    futureStatus: status(),
    agreementId: f.recent(f.text(256)),
  },
  ServiceLocation: {
    ...identified,
    type: f.text(256),
    mainAddress: address,
    secondaryAddress: address,
    phone1: phone,
    phone2: phone,
    electronicAddress,
    geoInfoReference: f.text(256),
    direction: f.text(256),
    status: status(),
    positionPoints: f.recent(f.group({ xPosition: f.text(256), yPosition: f.text(256), zPosition: f.text(256) })),
    accessMethod: f.text(256),
    siteAccessProblem: f.text(256),
    needsInspection: f.flag,
    UsagePoints: f.group({ UsagePoint: f.uri }),
    outageBlock: f.text(32),
  },
  ServiceSupplier: {
    ...identified,
    Organisation: organisation,
    kind: f.words('utility retailer other lse mdma msp'),
    issuerIdentificationNumber: f.text(256),
    effectiveDate: f.moment,
  },
  Meter: {
    ...endDevice(),
    formNumber: f.text(256),
    MeterMultipliers: f.group({ kind: f.words('kH transformerRatio kR kE ctRatio ptRatio'), value: f.float }),
    intervalLength: f.seconds,
  },
  EndDevice: endDevice(),
  ProgramDateIdMappings: {
    ...identified,
    programDateIdMapping: f.many(
      0,
      f.group({
        programDateType: f.must(
          f.words(
            'CUST_DR_PROGRAM_ENROLLMENT_DATE CUST_DR_PROGRAM_DE_ENROLLMENT_DATE ' +
              'CUST_DR_PROGRAM_TERM_DATE_REGARDLESS_FINANCIAL CUST_DR_PROGRAM_TERM_DATE_WITHOUT_FINANCIAL',
          ),
        ),
        code: f.must(f.text(64)),
        name: f.must(f.text(256)),
        note: f.text(256),
      }),
      1,
    ),
  },
  Statement: {
    ...identified,
    issueDateTime: f.moment,
    statementRef: f.group({ fileName: f.text(512), mediaType: f.text(256), statementURL: f.must(f.uri) }),
  },
} as const satisfies Partial<Record<ContentKind, f.Fields>>

function status(): f.Field {
  return f.group({ value: f.text(256), dateTime: f.moment, remark: f.text(256), reason: f.text(256) })
}

/** The schema of 2018 takes the listed multipliers and units only. */
function demandResponseProgram(): f.Field {
  const measurement = f.group({
    powerOfTenMultiplier: f.words('-12 -9 -6 -3 -2 -1 0 1 2 3 6 9 12'),
    timeStamp: f.moment,
    uom: f.numbers('0 2-11 21-25 27-39 41-51 53-54 61 63 65-82 100-109 111 113-120 123 125-134 137-169'),
    value: f.amount,
    readingTypeRef: f.uri,
  })
  return f.group({
    programName: f.text(256),
    enrollmentStatus: f.enrollmentStatus,
    programDescription: f.uri,
    programDate: f.group({ programDate: f.moment, programDateDescription: f.text(256) }),
    capacityReservationLevel: measurement,
    DRProgramNomination: measurement,
  })
}

function endDevice(): f.Fields {
  return {
    ...identified,
    type: f.text(256),
    utcNumber: f.text(256),
    serialNumber: f.text(256),
    lotNumber: f.text(256),
    purchasePrice: f.amount,
    critical: f.flag,
    electronicAddress,
    lifecycle: f.group({
      manufacturedDate: f.moment,
      purchaseDate: f.moment,
      receivedDate: f.moment,
      installationDate: f.moment,
      removalDate: f.moment,
      retiredDate: f.moment,
    }),
    acceptanceTest: f.group({ type: f.text(256), success: f.flag, dateTime: f.moment }),
    initialCondition: f.text(256),
    initialLossOfLife: f.percent,
    status: status(),
    isVirtual: f.flag,
    isPan: f.flag,
    installCode: f.text(256),
    amrSystem: f.text(256),
  }
}
