import type { ContentKind } from '../entry.ts'
import * as f from './fields.ts'

/**
 * What is written of each resource of the usage feed, but for IntervalBlock (write-readings.ts).
 * Sources: espi.xsd 4.0.20231213, usage.xsd 3.3.20200320, espiDerived.xsd of 2019, 2018 and 2014; which differ in that
 * serviceDeliveryPoint changed its spelling, riders their shape, 2014 has no unitCost, itemPeriod, dates of nodes or
 * billingChargeSource, and before 3.3 there is one redirect_uri and the deprecated screens are demanded.
 */
export const USAGE = {
  LocalTimeParameters: { batchItemInfo: f.batchItemInfo, ...f.localTime },
  UsagePoint: usagePoint(),
  MeterReading: {
    batchItemInfo: f.batchItemInfo,
    ReadingType: f.refused('a ReadingType stands in an entry of its own'),
  },
  ReadingType: readingType(),
  ElectricPowerUsageSummary: electricSummary(),
  UsageSummary: {
    ...electricSummary(),
    tariffProfile: f.text(256),
    readCycle: f.text(256),
    tariffRiderRefs: tariffRiderRefs(),
    billingChargeSource: f.recent(f.group({ agencyName: f.text(256) })),
  },
  ElectricPowerQualitySummary: {
    batchItemInfo: f.batchItemInfo,
    flickerPlt: f.amount,
    flickerPst: f.amount,
    harmonicVoltage: f.amount,
    longInterruptions: f.amount,
    mainsVoltage: f.amount,
    measurementProtocol: f.octet,
    powerFrequency: f.amount,
    rapidVoltageChanges: f.amount,
    shortInterruptions: f.amount,
    summaryInterval: f.must(f.period),
    supplyVoltageDips: f.amount,
    supplyVoltageImbalance: f.amount,
    supplyVoltageVariations: f.amount,
    tempOvervoltage: f.amount,
  },
  ProgramIdMappings: {
    batchItemInfo: f.batchItemInfo,
    programIdMapping: f.many(
      1,
      f.group({
        tOUorCPPorConsumptionTier: f.must(f.words('tou cpp consumptiontier')),
        code: f.must(f.moment),
        name: f.empty(f.text(256)),
        note: f.text(256),
      }),
    ),
  },
  ServiceStatus: { currentStatus: f.must(f.code) },
  BatchList: { resources: f.uri },
  Authorization: {
    batchItemInfo: f.batchItemInfo,
    authorizedPeriod: f.period,
    publishedPeriod: f.period,
    status: f.must(f.code),
    expires_at: f.must(f.moment),
    grant_type: f.words('authorization_code client_credentials refresh_token'),
    scope: f.must(f.text(256)),
    token_type: f.must(f.words('Bearer')),
    error: oauthError(),
    error_description: f.text(256),
    error_uri: f.uri,
    resourceURI: f.must(f.uri),
    authorizationURI: f.must(f.uri),
    customerResourceURI: f.uri,
  },
  ApplicationInformation: applicationInformation(),
} as const satisfies Partial<Record<ContentKind, f.Fields>>

function tariffRiderRefs(): f.Field {
  const rider = {
    riderType: f.must(f.text(256)),
    enrollmentStatus: f.must(f.enrollmentStatus),
    effectiveDate: f.must(f.moment),
  }
  return f.recent(f.group({ tariffRiderRef: f.many(1, f.group(rider)) }))
}

function usagePoint(): f.Fields {
  const effective = { startEffectiveDate: f.recent(f.moment), endEffectiveDate: f.recent(f.moment) }
  const pnodeType = f.words('AG CPZ DPZ LAP TH SYS CA DCA GA GH EHV ZN INT BUS')
  const nodeType = f.words('SYS RUC LFZ REG AGR POD ALR LTAC ACA ASR ECA')
  const pnodeRef = f.group({ apnodeType: f.must(pnodeType), ref: f.must(f.text(256)), ...effective })
  return {
    batchItemInfo: f.batchItemInfo,
    roleFlags: f.hex(2),
    ServiceCategory: f.group({ kind: f.must(f.code) }),
    status: f.octet,
    serviceDeliveryPoint: f.recent(
      f.group({
        name: f.text(256),
        tariffProfile: f.text(256),
        customerAgreement: f.text(256),
        tariffRiderRefs: tariffRiderRefs(),
      }),
    ),
    amiBillingReady: f.words('amiCapable amiDisabled billingApproved enabled nonAmi nonMetered operable'),
    checkBilling: f.flag,
    connectionState: f.words('connected logicallyDisconnected physicallyDisconnected'),
    estimatedLoad: f.measurement,
    grounded: f.flag,
    isSdp: f.flag,
    isVirtual: f.flag,
    minimalUsageExpected: f.flag,
    nominalServiceVoltage: f.measurement,
    outageRegion: f.text(256),
    phaseCode: f.code,
    ratedCurrent: f.measurement,
    ratedPower: f.measurement,
    readCycle: f.text(256),
    readRoute: f.text(256),
    serviceDeliveryRemark: f.text(256),
    servicePriority: f.text(32),
    pnodeRefs: f.group({ pnodeRef: f.many(1, pnodeRef) }),
    aggregateNodeRefs: f.group({
      aggregateNodeRef: f.many(
        1,
        f.group({ anodeType: f.must(nodeType), ref: f.must(f.text(256)), ...effective, pnodeRef }),
      ),
    }),
  }
}

function readingType(): f.Fields {
  const ratio = f.group({ numerator: f.moment, denominator: f.moment })
  return {
    batchItemInfo: f.batchItemInfo,
    accumulationBehaviour: f.code,
    commodity: f.code,
    consumptionTier: f.short,
    currency: f.code,
    dataQualifier: f.code,
    defaultQuality: f.code,
    flowDirection: f.code,
    intervalLength: f.seconds,
    kind: f.code,
    phase: f.code,
    powerOfTenMultiplier: f.short,
    timeAttribute: f.code,
    tou: f.short,
    uom: f.code,
    cpp: f.short,
    interharmonic: ratio,
    measuringPeriod: f.code,
    argument: ratio,
  }
}

/** note: PG&E and others leave it empty, though the schemas demand it. */
function electricSummary(): f.Fields {
  const lineItem = {
    amount: f.amount,
    rounding: f.amount,
    dateTime: f.moment,
    note: f.empty(f.text(256)),
    measurement: f.measurement,
    itemKind: f.must(f.code),
    unitCost: f.recent(f.amount),
    itemPeriod: f.recent(f.period),
  }
  return {
    batchItemInfo: f.batchItemInfo,
    billingPeriod: f.period,
    billLastPeriod: f.amount,
    billToDate: f.amount,
    costAdditionalLastPeriod: f.amount,
    costAdditionalDetailLastPeriod: f.group(lineItem),
    currency: f.code,
    overallConsumptionLastPeriod: f.measurement,
    currentBillingPeriodOverAllConsumption: f.measurement,
    currentDayLastYearNetConsumption: f.measurement,
    currentDayNetConsumption: f.measurement,
    currentDayOverallConsumption: f.measurement,
    peakDemand: f.measurement,
    previousDayLastYearOverallConsumption: f.measurement,
    previousDayNetConsumption: f.measurement,
    previousDayOverallConsumption: f.measurement,
    qualityOfReading: f.code,
    ratchetDemand: f.measurement,
    ratchetDemandPeriod: f.period,
    statusTimeStamp: f.must(f.moment),
    commodity: f.code,
  }
}

function oauthError(): f.Field {
  return f.words(
    'invalid_request invalid_client invalid_grant unauthorized_client unsupported_grant_type invalid_scope ' +
      'invalid_redirect_uri invalid_client_metadata invalid_client_id access_denied unsupported_response_type ' +
      'server_error temporarily_unavailable',
  )
}

/**
 * Secrets are never written: the two elements that the schemas demand stand empty, as do the two deprecated screens that
 * only older schemas demand.
 */
function applicationInformation(): f.Fields {
  const address = f.must(f.uri)
  return {
    batchItemInfo: f.batchItemInfo,
    dataCustodianId: f.must(f.text(64)),
    dataCustodianApplicationStatus: f.must(f.code),
    thirdPartyApplicationDescription: f.text(256),
    thirdPartyApplicationStatus: f.code,
    thirdPartyApplicationType: f.code,
    thirdPartyApplicationUse: f.code,
    thirdPartyPhone: f.text(32),
    authorizationServerUri: f.uri,
    thirdPartyNotifyUri: address,
    authorizationServerAuthorizationEndpoint: address,
    authorizationServerRegistrationEndpoint: f.uri,
    authorizationServerTokenEndpoint: address,
    dataCustodianBulkRequestURI: address,
    dataCustodianResourceEndpoint: address,
    thirdPartyScopeSelectionScreenURI: f.empty(f.uri),
    thirdPartyUserPortalScreenURI: f.uri,
    client_secret: f.empty(f.text(0)),
    logo_uri: f.uri,
    client_name: f.must(f.text(256)),
    client_uri: f.uri,
    redirect_uri: f.oneInCommon(f.uri),
    client_id: f.must(f.text(64)),
    tos_uri: f.uri,
    policy_uri: f.uri,
    software_id: f.must(f.text(256)),
    software_version: f.must(f.text(32)),
    client_id_issued_at: f.must(f.moment),
    client_secret_expires_at: f.must(f.moment),
    contacts: f.text(256),
    token_endpoint_auth_method: f.must(f.words('client_secret_basic')),
    scope: f.many(1, f.text(256)),
    grant_types: f.many(2, f.words('authorization_code client_credentials refresh_token')),
    response_types: f.many(1, f.words('code'), 1),
    registration_client_uri: f.must(f.uri),
    registration_access_token: f.empty(f.text(0)),
    dataCustodianScopeSelectionScreenURI: f.empty(f.uri),
  }
}
