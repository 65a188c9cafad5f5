import { z } from 'zod'

import type { Utility } from './contract.ts'

/** A definition that cannot be used: a mistake of a developer, found at start-up. */
export class BadDefinition extends Error {
  readonly code = 'bad_definition'
}

const isAddress = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, hash, search, username, password } = new URL(text)
  const loopback = hostname === '127.0.0.1' || hostname === 'localhost' || hostname === '[::1]'
  const secure = protocol === 'https:' || (protocol === 'http:' && loopback)
  return secure && hash === '' && search === '' && username === '' && password === '' && !text.endsWith('/')
}
const isZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
const isPattern = (text: string): boolean => {
  try {
    return new RegExp(text).source !== ''
  } catch {
    return false
  }
}

const webAddress = z
  .string()
  .refine(isAddress, 'an https address without query and final slash (http on loopback only)')
const zone = z.string().refine(isZone, 'an IANA time zone such as America/Los_Angeles')
const path = z.string().regex(/^[A-Za-z{][A-Za-z0-9{}/]*$/, 'a path below resourceBase, without a slash at its start')
const days = z.number().int().min(0).max(36_525)
const limit = z.number().int().min(1).nullable()
const statuses = z.array(z.number().int().min(200).max(599))
const metadataToken = z.enum(['client', 'access', 'registration'])
const PLACES = /\{(?!(?:historySeconds|historyYears|ongoingYears|bulkId)\})/
const termValue = z
  .string()
  .min(1)
  .refine(
    (text) => !PLACES.test(text),
    'no other place than {historySeconds}, {historyYears}, {ongoingYears}, {bulkId}',
  )
const place = { authorizationEndpoint: webAddress, tokenEndpoint: webAddress, resourceBase: webAddress }

const definition = z.strictObject({
  id: z.string().regex(/^[\x21-\x7e]{1,40}$/, 'a short id without blanks'),
  slug: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'lower-case letters and digits'),
  name: z.string().min(1),
  support: z.enum(['full', 'profile-only']),
  timezone: zone,
  currency: z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code'),
  commodities: z.array(z.enum(['electricity', 'gas', 'water', 'steam', 'heat', 'other'])).min(1),
  products: z.strictObject({
    meters: z.boolean(),
    bills: z.boolean(),
    intervals: z.boolean(),
    accounting: z.boolean(),
    billPdfs: z.literal(false),
  }),
  dataLagDays: days,
  environments: z
    .record(z.string(), z.strictObject({ ...place, customerPortal: webAddress.nullable() }))
    .refine((all) => Object.keys(all).length > 0, 'at least one environment'),
  oauth: z.strictObject({
    starts: z.array(z.enum(['third-party', 'custodian'])).min(1),
    custodianStart: z
      .strictObject({ scopeParameter: z.string(), custodianParameter: z.string(), custodianId: z.string() })
      .nullable(),
    clientAuthentication: z.enum(['basic', 'basic-unencoded', 'form']),
    parameterPlace: z.enum(['form', 'query', 'json']),
    clientTokenField: z.enum(['access_token', 'client_access_token']),
    clientTokenScope: z.string().nullable(),
    requestScope: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('none') }),
      z.strictObject({ kind: z.literal('dates') }),
      z.strictObject({ kind: z.literal('fixed'), scope: z.string().min(1) }),
      z.strictObject({
        kind: z.literal('espi'),
        functionBlocks: z.array(z.number().int().positive()).min(1),
        terms: z.array(z.tuple([z.string().regex(/^[A-Za-z]+$/, 'the name of a term'), termValue])),
      }),
    ]),
    pkce: z.boolean(),
    issuer: webAddress.nullable(),
    codeParameters: z.array(z.string().min(1)).min(1),
    refreshRotates: z.boolean(),
    refreshScope: z.enum(['none', 'granted', 'asked']),
    accessTokenSeconds: z.number().int().min(60),
    refreshTokenDays: z.number().int().min(2).max(36_525),
  }),
  tls: z.strictObject({
    clientCertificate: z.enum(['none', 'optional', 'public-ca', 'private-ca']),
    authorities: z.array(z.string().min(2)),
    userAgent: z
      .string()
      .regex(/^[\x20-\x7e]{1,200}$/, 'printable characters')
      .nullable(),
  }),
  espi: z
    .strictObject({
      delivery: z.enum(['usage-point-windows', 'subscription-windows', 'notified-batches', 'bulk-files']),
      usageAddress: z.enum(['path', 'resourceURI']),
      paths: z.strictObject({
        status: path,
        sample: path.nullable(),
        application: path.nullable(),
        authorization: path,
        usagePoints: path.nullable(),
        usage: path,
        summaries: path.nullable(),
        customer: path.nullable(),
        bulk: path.nullable(),
        bulkFile: path.nullable(),
      }),
      ids: z.enum(['same', 'apart']),
      metadataTokens: z.strictObject({
        status: metadataToken,
        application: metadataToken,
        authorization: metadataToken,
      }),
      dates: z.strictObject({
        by: z.enum(['published', 'updated']),
        names: z.enum(['hyphen', 'camel']),
        format: z.enum(['zulu', 'epoch', 'date']),
        end: z.enum(['exclusive', 'inclusive', 'none']),
        futureEnd: z.enum(['sent', 'cut']),
      }),
      windowDays: z.number().int().min(1).max(366).nullable(),
      historyDays: days,
      refreshDays: days,
      emptyAtFirstHours: z.number().int().min(0).max(168),
      billPeriod: z.enum(['local-midnight', 'utc-midnight']),
      fileKinds: z.array(
        z.strictObject({
          tag: z.string().min(1),
          product: z.enum(['customer', 'usage', 'unbilled']),
          quality: z.number().int().min(0).max(255).nullable(),
        }),
      ),
      fileNamePattern: z.string().refine(isPattern, 'a regular expression').nullable(),
      fileRetentionDays: days,
      fileCustomer: z.enum(['customerResourceURI', 'resourceURI']).nullable(),
    })
    .refine((espi) => espi.delivery !== 'bulk-files' || espi.paths.bulkFile !== null, {
      path: ['paths', 'bulkFile'],
      error: 'a path, since usage comes in files',
    }),
  answers: z.strictObject({
    tokenRefused: statuses,
    limited: statuses,
    limitText: z.string().min(3).nullable(),
    promised: statuses,
    noData: statuses,
    gone: statuses,
    certificateText: z.string().min(3).nullable(),
  }),
  notifications: z.strictObject({ pollSeconds: z.number().int().min(10).max(86_400) }),
  ending: z.strictObject({
    tell: z.strictObject({ method: z.literal('DELETE'), token: z.enum(['client', 'access']) }).nullable(),
    accepted: statuses,
    replacedByNext: z.boolean(),
    unusedDays: z.number().int().min(2).max(36_525).nullable(),
  }),
  quota: z.strictObject({
    perSecond: limit,
    perSecondScope: z.enum(['registration', 'vendor']),
    perHour: limit,
    perDay: limit,
    tokensPerMinute: limit,
    dayStarts: z.strictObject({ hour: z.number().int().min(0).max(23), timezone: zone }).nullable(),
  }),
  fileMarks: z.array(z.string().min(8)),
  repairs: z.array(z.string().min(1)),
})

/** Checks a utility's definition. Throws BadDefinition that names each wrong field and what it should hold. */
export function validateUtility(utility: Utility): Utility {
  const result = definition.safeParse(utility)
  if (result.success) return utility
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.') || '(the definition)'}: ${issue.message}`)
  throw new BadDefinition(`The definition of utility ${utility.id} cannot be used:\n${lines.join('\n')}`)
}
