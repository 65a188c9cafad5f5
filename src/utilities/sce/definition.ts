import type { Utility } from '../contract.ts'

/**
 * Southern California Edison, Green Button Connect My Data. SCE gives its OAuth documents to registered third parties
 * only: what is not public stands at the ESPI default, marked so in README.md, and is an edit of this file (or of the
 * registration's addresses) once onboarding tells. Data come as files that notifications name.
 */
export const sce = {
  id: 'SCE',
  slug: 'sce',
  name: 'Southern California Edison',
  timezone: 'America/Los_Angeles',
  currency: 'USD',
  commodities: ['electricity'],
  products: { meters: true, bills: true, intervals: true, accounting: true, billPdfs: false },
  dataLagDays: 1,
  environments: {
    production: {
      authorizationEndpoint: 'https://energydatashare.sce.com/DataCustodian/oauth/authorize',
      tokenEndpoint: 'https://energydatashare.sce.com/DataCustodian/oauth/token',
      resourceBase: 'https://energydatashare.sce.com/DataCustodian/espi/1_1/resource',
      customerPortal: 'https://www.sce.com',
    },
  },
  oauth: {
    starts: ['third-party', 'custodian'],
    custodianStart: { scopeParameter: 'scope', custodianParameter: 'DataCustodianID', custodianId: 'SCE' },
    clientAuthentication: 'basic',
    parameterPlace: 'form',
    clientTokenField: 'access_token',
    clientTokenScope: null,
    requestScope: {
      kind: 'espi',
      functionBlocks: [1, 3, 4, 5, 13, 14, 15, 16, 31, 32, 35, 37, 39, 51, 53, 54, 56, 57, 58, 59, 60],
    },
    pkce: false,
    issuer: null,
    codeParameters: ['code'],
    refreshRotates: true,
    refreshScope: 'none',
    accessTokenSeconds: 3600,
    refreshTokenDays: 365,
    mutualTls: 'none',
  },
  espi: {
    delivery: 'bulk-files',
    paths: {
      status: 'ReadServiceStatus',
      authorization: 'Authorization/{s}',
      usagePoints: null,
      usage: 'Batch/Subscription/{s}',
      summaries: null,
      customer: null,
      bulk: 'Batch/Bulk/{b}',
      bulkFile: 'Batch/Bulk/{b}/{f}',
    },
    metadataToken: 'client',
    dateFormat: 'epoch',
    windowDays: 31,
    endInclusive: false,
    historyDays: 1096,
    refreshDays: 45,
    billPeriod: 'utc-midnight',
    fileKinds: [
      { tag: 'RCUST', product: 'customer' },
      { tag: 'UNBQ', product: 'unbilled' },
      { tag: 'REVQ', product: 'usage' },
    ],
    fileNamePattern: '^[A-Z]+_(RCUST|UNBQ|REVQ)_[0-9]{8}_[0-9]{6}_[0-9]+\\.XML$',
    fileRetentionDays: 5,
    fileCustomer: 'customerResourceURI',
  },
  notifications: { expected: true, clientCertificate: null, pingByGet: true },
  revocation: { tell: { method: 'DELETE', token: 'client' }, accepted: [200, 201, 202, 204, 404, 410] },
  quota: { perSecond: null, perHour: null, perDay: null, dayStarts: null },
  // The host in the links of its files is a placeholder, always the same.
  fileMarks: ['https://services.greenbuttondata.org/DataCustodian/', 'https://energydatashare.sce.com/'],
  repairs: ['sharedReadingTypes', 'zeroCostsAreNone', 'placeholderTariffs'],
} as const satisfies Utility
