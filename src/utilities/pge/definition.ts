import type { Utility } from '../contract.ts'

/**
 * Pacific Gas and Electric, "Share My Data" (Green Button Connect My Data). Sources of every value: README.md beside
 * this file. The authorize request carries dates only: the customer chooses the data at PG&E, and the token answer's
 * scope tells what was chosen.
 */
export const pge = {
  id: 'PG&E',
  slug: 'pge',
  name: 'Pacific Gas and Electric',
  timezone: 'America/Los_Angeles',
  currency: 'USD',
  commodities: ['electricity', 'gas'],
  products: { meters: true, bills: true, intervals: true, accounting: true, billPdfs: false },
  dataLagDays: 2,
  environments: {
    production: {
      authorizationEndpoint: 'https://sharemydata.pge.com/myAuthorization',
      tokenEndpoint: 'https://api.pge.com/datacustodian/oauth/v2/token',
      resourceBase: 'https://api.pge.com/GreenButtonConnect/espi/1_1/resource',
      customerPortal: 'https://sharemydata.pge.com',
    },
    test: {
      authorizationEndpoint: 'https://api.pge.com/datacustodian/test/oauth/v2/authorize',
      tokenEndpoint: 'https://api.pge.com/datacustodian/test/oauth/v2/token',
      resourceBase: 'https://api.pge.com/GreenButtonConnect/espi/1_1/resource',
      customerPortal: null,
    },
  },
  oauth: {
    starts: ['third-party', 'custodian'],
    custodianStart: { scopeParameter: 'scope', custodianParameter: 'dataCustodianId', custodianId: 'PGE' },
    clientAuthentication: 'basic',
    parameterPlace: 'form',
    clientTokenField: 'client_access_token',
    clientTokenScope: null,
    requestScope: { kind: 'dates' },
    pkce: false,
    issuer: null,
    codeParameters: ['code', 'authorization_code'],
    refreshRotates: true,
    refreshScope: 'none',
    accessTokenSeconds: 3600,
    refreshTokenDays: 365,
    mutualTls: 'public-ca',
  },
  espi: {
    delivery: 'usage-point-windows',
    paths: {
      status: 'ReadServiceStatus',
      authorization: 'Authorization/{s}',
      usagePoints: 'Subscription/{s}/UsagePoint',
      usage: 'Batch/Subscription/{s}/UsagePoint/{u}',
      summaries: 'Subscription/{s}/UsagePoint/{u}/UsageSummary',
      customer: 'Batch/RetailCustomer/{r}',
      bulk: 'Batch/Bulk/{b}',
      bulkFile: null,
    },
    metadataToken: 'client',
    dateFormat: 'zulu',
    windowDays: 28,
    endInclusive: true,
    historyDays: 1461,
    refreshDays: 35,
    billPeriod: 'local-midnight',
    fileKinds: [],
    fileNamePattern: null,
    fileRetentionDays: 5,
    fileCustomer: null,
  },
  notifications: { expected: true, clientCertificate: null, pingByGet: true },
  revocation: { tell: { method: 'DELETE', token: 'client' }, accepted: [200, 201, 202, 204, 404, 410] },
  quota: {
    perSecond: 1,
    perHour: 2000,
    perDay: 20_000,
    dayStarts: { hour: 17, timezone: 'America/Los_Angeles' },
  },
  // Its Download My Data files come from Opower and name no host; of the utilities listed here only its own do.
  fileMarks: ['https://api.pge.com/', 'Opower ESPI Third Party Batch Feed'],
  repairs: ['gasDaysStartOnTheSecond', 'keepLastOfDuplicateStarts', 'millisecondTimestamps'],
} as const satisfies Utility
