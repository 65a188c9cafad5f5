import { z } from 'zod'
import { modeNames } from './faults.ts'
import type { Fault } from './faults/contract.ts'

/** What the admin API takes; anything else is a 400 that says what is wrong. */
const whole = z.number().int().min(0)

const settings = z
  .strictObject({
    refreshRotation: z.boolean(),
    accessTokenSeconds: whole,
    expiresInText: z.boolean(),
    refreshTokenSeconds: whole,
    codeSeconds: whole,
    redirectScope: z.enum(['raw', 'encoded']),
    customerResourceUri: z.boolean(),
    periodsInMilliseconds: z.boolean(),
    summaryThousands: z.boolean(),
    mappingsOutsideEntry: z.boolean(),
    meterInReadingIds: z.boolean(),
    utcNumber: z.boolean(),
    customerStyle: z.enum(['2016', '2019']),
    deleteStatus: z.union([z.literal(200), z.literal(204)]),
    windowDates: z.enum(['both', 'zulu', 'epoch']),
    acceptedBody: z.string(),
    emptyStatus: z.union([z.literal(204), z.literal(200)]),
    historyLength: whole,
    announceReplaced: z.boolean(),
    moveKeepsSharing: z.boolean(),
    publishAfterDays: whole.nullable(),
    linkOrigin: z.string().nullable(),
    dailyPush: z.boolean(),
    notifyDelayMs: whole,
    notifyRetryMs: z.array(whole),
    retentionDays: z.number(),
    goneStatus: z.union([z.literal(404), z.literal(204)]),
    revokedStatus: z.union([z.literal(401), z.literal(403)]),
    quota: z
      .object({ perSecond: whole, perHour: whole, perDay: whole, secondPerVendor: z.boolean().optional() })
      .nullable(),
    limitStatus: z.union([z.literal(429), z.literal(503)]),
    limitBody: z.string(),
    unbilledTag: z.string(),
    verificationMinutes: whole,
    sftpAddress: z.string().nullable(),
    authorizePath: z.string(),
    tokenPath: z.string(),
    dataCustodianId: z.string(),
    portalScopes: whole,
    needsCertificate: z.boolean(),
  })
  .partial()

export const bodies = {
  thirdParty: z.object({ redirectUri: z.string(), notificationUri: z.string(), portalUri: z.string().exactOptional() }),
  clock: z.object({ clock: z.string().nullable() }),
  settings,
  which: z.object({ subscription: z.coerce.string().optional(), login: z.string().optional() }),
  revoke: z.object({
    subscription: z.coerce.string().optional(),
    login: z.string().optional(),
    status: z.union([z.literal(0), z.literal(2)]).default(0),
  }),
  party: z.object({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
    redirectUri: z.string(),
    notificationUri: z.string(),
    portalUri: z.string().exactOptional(),
    dailyPush: z.boolean().default(true),
    historySeconds: whole.default(126_144_000),
  }),
  move: z.object({ login: z.string(), day: z.string().optional() }),
  meter: z.object({ login: z.string(), usagePoint: z.string().optional(), day: z.string().optional() }),
  serverCertificate: z.object({ trusted: z.boolean() }),
  newDay: z.object({ days: z.number().int().min(1).max(400).default(1) }),
  correct: z.object({
    login: z.string(),
    usagePoint: z.string().optional(),
    day: z.string().optional(),
    permille: whole.default(1100),
  }),
  rebill: z.object({
    login: z.string(),
    usagePoint: z.string().optional(),
    period: z.string().optional(),
    amount: z.number().default(-5),
  }),
}

const fault = z.strictObject({
  on: z.enum(['connection', 'token', 'resource', 'authorize', 'notification']),
  times: z.number().int().min(1).exactOptional(),
  until: z.iso.datetime({ offset: true }).exactOptional(),
  mode: z.string().exactOptional(),
  status: whole.exactOptional(),
  body: z.string().exactOptional(),
  contentType: z.string().exactOptional(),
  headers: z.record(z.string(), z.string()).exactOptional(),
  delayMs: whole.exactOptional(),
  truncate: whole.exactOptional(),
  seconds: z.number().int().exactOptional(),
  bytes: whole.exactOptional(),
  match: z.string().exactOptional(),
})

/** A fault whose mode exists at the point it is for. */
export const checkedFault = (body: unknown): Fault => {
  const checked = fault.parse(body)
  const known = modeNames(checked.on)
  if (checked.mode !== undefined && !known.includes(checked.mode))
    throw new Error(`mode on ${checked.on} is one of ${known.join(', ')}`)
  if (checked.on === 'connection' && checked.mode === undefined) throw new Error(`mode is one of ${known.join(', ')}`)
  return { ...checked, times: checked.times ?? (checked.until === undefined ? 1 : 1_000_000) }
}
