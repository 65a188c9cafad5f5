/**
 * Every ESPI resource this project reads, as data: the names of its elements and what each holds. Sources: espi.xsd and
 * customer.xsd 4.0.20231213, with the elements that utilities add (marked).
 *
 * - `text`: a string · `integer`: a whole number · `decimal`: an exact number, kept as its digits
 * - an object: a child with elements of its own · an array of one: may stand any number of times
 */
type Field = 'text' | 'integer' | 'decimal' | { readonly [name: string]: Field } | readonly [Field]

const period = { duration: 'integer', start: 'integer' } as const
const measurement = {
  powerOfTenMultiplier: 'integer',
  timeStamp: 'integer',
  uom: 'integer',
  value: 'decimal',
  readingTypeRef: 'text',
} as const
const tariffRiderRefs = {
  tariffRiderRef: [{ riderType: 'text', enrollmentStatus: 'text', effectiveDate: 'integer' }],
  // The schema of PG&E has a rider right here, not below.
  riderType: 'text',
  enrollmentStatus: 'text',
  effectiveDate: 'integer',
} as const
const lineItem = {
  amount: 'decimal',
  rounding: 'decimal',
  dateTime: 'integer',
  note: 'text',
  measurement,
  itemKind: 'integer',
  unitCost: 'decimal',
  itemPeriod: period,
} as const
const batchItemInfo = { name: 'text', operation: 'integer', statusCode: 'integer', statusReason: 'text' } as const

/** billingDate: NISC puts it inside the period. */
const usageSummary = {
  batchItemInfo,
  billingPeriod: { duration: 'integer', start: 'integer', billingDate: 'integer' },
  billLastPeriod: 'decimal',
  billToDate: 'decimal',
  costAdditionalLastPeriod: 'decimal',
  costAdditionalDetailLastPeriod: [lineItem],
  currency: 'integer',
  overallConsumptionLastPeriod: measurement,
  currentBillingPeriodOverAllConsumption: measurement,
  currentDayLastYearNetConsumption: measurement,
  currentDayNetConsumption: measurement,
  currentDayOverallConsumption: measurement,
  peakDemand: measurement,
  previousDayLastYearOverallConsumption: measurement,
  previousDayNetConsumption: measurement,
  previousDayOverallConsumption: measurement,
  qualityOfReading: 'integer',
  ratchetDemand: measurement,
  ratchetDemandPeriod: period,
  statusTimeStamp: 'integer',
  commodity: 'integer',
  tariffProfile: 'text',
  readCycle: 'text',
  tariffRiderRefs,
  billingChargeSource: { agencyName: 'text' },
} as const

const readingType = {
  batchItemInfo,
  accumulationBehaviour: 'integer',
  commodity: 'integer',
  consumptionTier: 'integer',
  currency: 'integer',
  dataQualifier: 'integer',
  defaultQuality: 'integer',
  flowDirection: 'integer',
  intervalLength: 'integer',
  kind: 'integer',
  phase: 'integer',
  powerOfTenMultiplier: 'integer',
  timeAttribute: 'integer',
  tou: 'integer',
  uom: 'integer',
  cpp: 'integer',
  interharmonic: { numerator: 'integer', denominator: 'integer' },
  measuringPeriod: 'integer',
  argument: { numerator: 'integer', denominator: 'integer' },
} as const

const pnodeRef = {
  apnodeType: 'text',
  ref: 'text',
  startEffectiveDate: 'integer',
  endEffectiveDate: 'integer',
} as const

const status = { value: 'text', dateTime: 'integer', reason: 'text', remark: 'text' } as const
const streetAddress = {
  streetDetail: {
    number: 'text',
    name: 'text',
    suffix: 'text',
    prefix: 'text',
    type: 'text',
    code: 'text',
    buildingName: 'text',
    suiteNumber: 'text',
    addressGeneral: 'text',
    addressGeneral2: 'text',
    addressGeneral3: 'text',
    withinTownLimits: 'text',
  },
  townDetail: { code: 'text', section: 'text', name: 'text', county: 'text', stateOrProvince: 'text', country: 'text' },
  status,
  postalCode: 'text',
  poBox: 'text',
} as const
const phone = {
  countryCode: 'text',
  areaCode: 'text',
  cityCode: 'text',
  localNumber: 'text',
  ext: 'text',
  dialOut: 'text',
  internationalPrefix: 'text',
  ituPhone: 'text',
} as const
const electronicAddress = {
  lan: 'text',
  mac: 'text',
  email1: 'text',
  email2: 'text',
  web: 'text',
  radio: 'text',
  userID: 'text',
  password: 'text',
} as const
const organisation = {
  streetAddress,
  postalAddress: streetAddress,
  phone1: phone,
  phone2: phone,
  electronicAddress,
  organisationName: 'text',
} as const
const document = {
  batchItemInfo,
  type: 'text',
  authorName: 'text',
  createdDateTime: 'integer',
  lastModifiedDateTime: 'integer',
  revisionNumber: 'text',
  electronicAddress,
  subject: 'text',
  title: 'text',
  docStatus: status,
  status,
  comment: 'text',
} as const
const location = {
  batchItemInfo,
  name: 'text',
  type: 'text',
  mainAddress: streetAddress,
  secondaryAddress: streetAddress,
  phone1: phone,
  phone2: phone,
  electronicAddress,
  geoInfoReference: 'text',
  direction: 'text',
  status,
  positionPoints: [{ xPosition: 'text', yPosition: 'text', zPosition: 'text' }],
} as const
/** name: PG&E and SCE. */
const asset = {
  batchItemInfo,
  name: 'text',
  type: 'text',
  utcNumber: 'text',
  serialNumber: 'text',
  lotNumber: 'text',
  purchasePrice: 'decimal',
  critical: 'text',
  electronicAddress,
  lifecycle: {
    manufacturedDate: 'integer',
    purchaseDate: 'integer',
    receivedDate: 'integer',
    installationDate: 'integer',
    removalDate: 'integer',
    retiredDate: 'integer',
  },
  acceptanceTest: { dateTime: 'integer', success: 'text', type: 'text' },
  initialCondition: 'text',
  initialLossOfLife: 'text',
  status,
  isVirtual: 'text',
  isPan: 'text',
  installCode: 'text',
  amrSystem: 'text',
} as const

/** The children of each resource. IntervalBlock is read in columns instead: see readings.ts. */
export const RESOURCES = {
  UsagePoint: {
    batchItemInfo,
    roleFlags: 'text',
    ServiceCategory: { kind: 'integer' },
    status: 'integer',
    serviceDeliveryPoint: { name: 'text', tariffProfile: 'text', customerAgreement: 'text', tariffRiderRefs },
    amiBillingReady: 'text',
    checkBilling: 'text',
    connectionState: 'text',
    estimatedLoad: measurement,
    grounded: 'text',
    isSdp: 'text',
    isVirtual: 'text',
    minimalUsageExpected: 'text',
    nominalServiceVoltage: measurement,
    outageRegion: 'text',
    phaseCode: 'integer',
    ratedCurrent: measurement,
    ratedPower: measurement,
    readCycle: 'text',
    readRoute: 'text',
    serviceDeliveryRemark: 'text',
    servicePriority: 'text',
    pnodeRefs: {
      pnodeRef: [pnodeRef],
    },
    aggregateNodeRefs: {
      aggregateNodeRef: [
        {
          anodeType: 'text',
          ref: 'text',
          startEffectiveDate: 'integer',
          endEffectiveDate: 'integer',
          pnodeRef: [pnodeRef],
        },
      ],
    },
    pricingNode: 'text', // SCE
    loadAggregationPoint: 'text', // SCE
  },
  /** ReadingType: nested here by the reference server's drafts of 4.0. */
  MeterReading: { batchItemInfo, ReadingType: readingType },
  ReadingType: readingType,
  UsageSummary: usageSummary,
  ElectricPowerUsageSummary: usageSummary,
  ElectricPowerQualitySummary: {
    batchItemInfo,
    flickerPlt: 'decimal',
    flickerPst: 'decimal',
    harmonicVoltage: 'decimal',
    longInterruptions: 'decimal',
    mainsVoltage: 'decimal',
    measurementProtocol: 'text',
    powerFrequency: 'decimal',
    rapidVoltageChanges: 'decimal',
    shortInterruptions: 'decimal',
    summaryInterval: period,
    supplyVoltageDips: 'decimal',
    supplyVoltageImbalance: 'decimal',
    supplyVoltageVariations: 'decimal',
    tempOvervoltage: 'decimal',
  },
  LocalTimeParameters: {
    batchItemInfo,
    name: 'text',
    dstEndRule: 'text',
    dstOffset: 'integer',
    dstStartRule: 'text',
    tzOffset: 'integer',
  },
  ProgramIdMappings: {
    batchItemInfo,
    programIdMapping: [{ tOUorCPPorConsumptionTier: 'text', code: 'integer', name: 'text', note: 'text' }],
  },
  ServiceStatus: { currentStatus: 'integer' },
  BatchList: { resources: ['text'] },
  Authorization: {
    batchItemInfo,
    authorizedPeriod: period,
    publishedPeriod: period,
    status: 'text',
    expires_at: 'integer',
    grant_type: 'text',
    scope: 'text',
    token_type: 'text',
    error: 'text',
    error_description: 'text',
    error_uri: 'text',
    resourceURI: 'text',
    authorizationURI: 'text',
    customerResourceURI: 'text',
    authorizationServer: 'text', // 1.0
    resource: 'text', // 1.0
    thirdParty: 'text', // 1.0
  },
  /**
   * Secrets (client_secret, registration_access_token, and of 1.0 dataCustodianThirdPartySecret and the accessToken of an
   * Authorization) are read past: nothing here needs them.
   */
  ApplicationInformation: {
    batchItemInfo,
    dataCustodianId: 'text',
    dataCustodianApplicationStatus: 'text',
    thirdPartyApplicationDescription: 'text',
    thirdPartyApplicationStatus: 'text',
    thirdPartyApplicationType: 'text',
    thirdPartyApplicationUse: 'text',
    thirdPartyPhone: 'text',
    authorizationServerUri: 'text',
    thirdPartyNotifyUri: 'text',
    authorizationServerAuthorizationEndpoint: 'text',
    authorizationServerRegistrationEndpoint: 'text',
    authorizationServerTokenEndpoint: 'text',
    dataCustodianBulkRequestURI: 'text',
    dataCustodianResourceEndpoint: 'text',
    thirdPartyScopeSelectionScreenURI: 'text',
    thirdPartyUserPortalScreenURI: 'text',
    logo_uri: 'text',
    client_name: 'text',
    client_uri: 'text',
    redirect_uri: ['text'],
    client_id: 'text',
    tos_uri: 'text',
    policy_uri: 'text',
    software_id: 'text',
    software_version: 'text',
    client_id_issued_at: 'integer',
    client_secret_expires_at: 'integer',
    contacts: ['text'],
    token_endpoint_auth_method: 'text',
    scope: ['text'],
    grant_types: ['text'],
    response_types: ['text'],
    registration_client_uri: 'text',
    dataCustodianScopeSelectionScreenURI: 'text',
    // 1.0
    dataCustodianDefaultBatchResource: 'text',
    dataCustodianDefaultSubscriptionResource: 'text',
    dataCustodianThirdPartyId: 'text',
    thirdPartyApplicationLogo: 'text',
    thirdPartyApplicationName: 'text',
    thirdPartyApplicationWebsite: 'text',
    thirdPartyDefaultBatchResource: 'text',
    thirdPartyDefaultNotifyResource: 'text',
    thirdPartyDefaultOAuthCallback: 'text',
    thirdPartyEmail: 'text',
    thirdPartyName: 'text',
  },
  Customer: {
    batchItemInfo,
    name: 'text', // PG&E
    Organisation: organisation,
    kind: 'text',
    specialNeed: 'text',
    vip: 'text',
    pucNumber: 'text',
    status,
    priority: { rank: 'integer', type: 'text', justification: 'text' },
    locale: 'text',
    customerName: 'text',
  },
  CustomerAccount: {
    name: 'text', // PG&E and SCE: the account number
    ...document,
    billingCycle: 'text',
    budgetBill: 'text',
    lastBillAmount: 'decimal',
    notifications: [{ methodKind: 'text', time: 'integer', note: 'text', customerNotificationKind: 'text' }],
    contactInfo: organisation,
    accountId: 'text',
  },
  CustomerAgreement: {
    name: 'text', // PG&E and SCE: the service agreement number
    ...document,
    signDate: 'integer',
    validityInterval: period,
    loadMgmt: 'text',
    isPrePay: 'text',
    shutOffDateTime: 'integer',
    DemandResponseProgram: [
      {
        programName: 'text',
        enrollmentStatus: 'text',
        programDescription: 'text',
        programDate: [{ programDate: 'integer', programDateDescription: 'text' }],
        capacityReservationLevel: measurement,
        DRProgramNomination: measurement,
      },
    ],
    PricingStructures: ['text'],
    currency: 'integer',
    futureStatus: [status],
    agreementId: 'text',
  },
  ServiceLocation: {
    ...location,
    accessMethod: 'text',
    siteAccessProblem: 'text',
    needsInspection: 'text',
    UsagePoints: [{ UsagePoint: ['text'] }],
    outageBlock: 'text',
  },
  ServiceSupplier: {
    batchItemInfo,
    name: 'text',
    Organisation: organisation,
    kind: 'text',
    issuerIdentificationNumber: 'text',
    effectiveDate: 'integer',
  },
  Meter: {
    ...asset,
    formNumber: 'text',
    MeterMultipliers: [{ kind: 'text', value: 'text' }],
    intervalLength: 'integer',
  },
  EndDevice: asset,
  ProgramDateIdMappings: {
    programDateIdMapping: [{ programDateType: 'text', code: 'text', name: 'text', note: 'text' }],
  },
  Statement: {
    batchItemInfo,
    name: 'text',
    issueDateTime: 'integer',
    statementRef: [{ fileName: 'text', mediaType: 'text', statementURL: 'text' }],
  },
} as const satisfies Record<string, { readonly [name: string]: Field }>

/** Other spellings of the same thing, seen in the wild. */
export const ALIASES: Record<string, string> = {
  ServiceDeliveryPoint: 'serviceDeliveryPoint', // 1.1
  statement: 'Statement', // drafts of the reference server
  serviceCategory: 'ServiceCategory',
  organisation: 'Organisation', // 4.1 draft
  ServiceLocations: 'ServiceLocation',
  BatchItemInfo: 'batchItemInfo', // 1.0
  PositionPoints: 'positionPoints', // PG&E
}

/** What an element holds, as on the wire. */
export type Value<F> = F extends 'text' | 'decimal'
  ? string | null
  : F extends 'integer'
    ? number | null
    : F extends readonly [infer G]
      ? NonNullable<Value<G>>[]
      : { [K in keyof F]: Value<F[K]> } | null

export type ResourceName = keyof typeof RESOURCES

/** What a resource holds, as on the wire: missing is null (or an empty array), nothing is scaled. */
export type Wire<N extends ResourceName> = NonNullable<Value<(typeof RESOURCES)[N]>>

export type Measurement = NonNullable<Wire<'UsageSummary'>['overallConsumptionLastPeriod']>
export type WireLineItem = Wire<'UsageSummary'>['costAdditionalDetailLastPeriod'][number]
