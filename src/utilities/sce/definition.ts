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
  support: 'full',
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
      terms: [
        ['IntervalDuration', '900_3600_86400'],
        ['BlockDuration', 'daily'],
        ['HistoryLength', '{historySeconds}'],
        ['SubscriptionFrequency', 'daily'],
      ],
    },
    pkce: false,
    issuer: null,
    codeParameters: ['code'],
    refreshRotates: true,
    refreshScope: 'none',
    accessTokenSeconds: 3600,
    refreshTokenDays: 365,
  },
  tls: { clientCertificate: 'none', authorities: [], userAgent: null },
  espi: {
    delivery: 'bulk-files',
    usageAddress: 'path',
    paths: {
      status: 'ReadServiceStatus',
      sample: null,
      application: 'ApplicationInformation/{a}',
      authorization: 'Authorization/{s}',
      usagePoints: null,
      usage: 'Batch/Subscription/{s}',
      summaries: null,
      customer: null,
      bulk: 'Batch/Bulk/{b}',
      bulkFile: 'Batch/Bulk/{b}/{f}',
    },
    ids: 'apart',
    metadataTokens: { status: 'client', application: 'registration', authorization: 'client' },
    dates: { by: 'published', names: 'hyphen', format: 'epoch', end: 'exclusive', futureEnd: 'sent' },
    windowDays: 31,
    historyDays: 1096,
    refreshDays: 45,
    emptyAtFirstHours: 0,
    billPeriod: 'utc-midnight',
    fileKinds: [
      { tag: 'RCUST', product: 'customer', quality: null },
      { tag: 'UNBQ', product: 'unbilled', quality: 14 },
      { tag: 'REVQ', product: 'usage', quality: 19 },
    ],
    fileNamePattern: '^[A-Z]+_(RCUST|UNBQ|REVQ)_[0-9]{8}_[0-9]{6}_[0-9]+\\.XML$',
    fileRetentionDays: 5,
    fileCustomer: 'customerResourceURI',
  },
  answers: {
    tokenRefused: [401, 403],
    limited: [429],
    limitText: null,
    promised: [202],
    noData: [204],
    gone: [404, 410],
    certificateText: null,
  },
  notifications: { pollSeconds: 60 },
  ending: {
    tell: { method: 'DELETE', token: 'client' },
    accepted: [200, 201, 202, 204, 404, 410],
    replacedByNext: true,
    unusedDays: null,
  },
  quota: { perSecond: null, perHour: null, perDay: null, tokensPerMinute: null, dayStarts: null },
  // The host in the links of its files is a placeholder, always the same.
  fileMarks: ['https://services.greenbuttondata.org/DataCustodian/', 'https://energydatashare.sce.com/'],
  repairs: ['sharedReadingTypes', 'zeroCostsAreNone', 'placeholderTariffs'],
} as const satisfies Utility
