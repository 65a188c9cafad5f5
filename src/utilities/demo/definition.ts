import type { Utility } from '../contract.ts'

/**
 * DEMO: a utility that does not exist, served by `simulators/`. It speaks plain ESPI, so that a first try runs the same
 * code as a real share. Its only environment is on loopback and without TLS; a registration overrides the ports.
 */
export const demo = {
  id: 'DEMO',
  slug: 'demo',
  name: 'Demo Utility',
  timezone: 'America/Los_Angeles',
  currency: 'USD',
  commodities: ['electricity', 'gas'],
  products: { meters: true, bills: true, intervals: true, accounting: true, billPdfs: false },
  dataLagDays: 1,
  environments: {
    simulated: {
      authorizationEndpoint: 'http://127.0.0.1:8423/oauth/authorize',
      tokenEndpoint: 'http://127.0.0.1:8423/oauth/token',
      resourceBase: 'http://127.0.0.1:8423/espi/1_1/resource',
      customerPortal: null,
    },
  },
  oauth: {
    starts: ['third-party', 'custodian'],
    custodianStart: null,
    clientAuthentication: 'basic',
    parameterPlace: 'form',
    clientTokenField: 'access_token',
    clientTokenScope: null,
    requestScope: {
      kind: 'espi',
      functionBlocks: [1, 3, 4, 5, 10, 13, 14, 15, 16, 31, 32, 37, 39, 51, 53, 54, 56, 57, 58, 60],
    },
    pkce: true,
    issuer: null,
    codeParameters: ['code'],
    refreshRotates: true,
    refreshScope: 'none',
    accessTokenSeconds: 3600,
    refreshTokenDays: 365,
    mutualTls: 'none',
  },
  espi: {
    delivery: 'subscription-windows',
    paths: {
      status: 'ReadServiceStatus',
      authorization: 'Authorization/{s}',
      usagePoints: null,
      usage: 'Batch/Subscription/{s}',
      summaries: null,
      customer: 'Batch/RetailCustomer/{r}',
      bulk: null,
      bulkFile: null,
    },
    metadataToken: 'client',
    dateFormat: 'zulu',
    windowDays: 31,
    endInclusive: false,
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
  quota: { perSecond: null, perHour: null, perDay: null, dayStarts: null },
  fileMarks: [],
  repairs: [],
} as const satisfies Utility
