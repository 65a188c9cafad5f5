import type { Readable } from 'node:stream'

import type { z } from 'zod'

import type { Authenticated } from '../accounts/api-tokens.ts'
import type { TestSubmit } from '../authorization/test-submit.ts'
import type { Role, Scope } from '../model/roles.ts'
import type { Uid } from '../model/uid.ts'
import type { Db } from '../storage/db.ts'
import type { Frequency } from '../storage/edit-meter.ts'
import type { Utility } from '../utilities/contract.ts'
import type { EndpointDeps } from '../webhooks/add-endpoint.ts'
import type { RateLimit } from './rate-limiter.ts'

/** What the API needs from the rest of the program. */
export type ApiDeps = {
  db: Db
  now: () => Date
  /** Our own address without a trailing slash; never taken from a request. */
  publicUrl: string
  authenticate(token: string): Promise<Authenticated>
  /** Null: no such utility. */
  utilityOf(id: string): Utility | null
  /** Ends an authorization for good and deletes its data; called for running authorizations of the caller only. */
  revoke(authorizationUid: Uid, by: 'company'): Promise<void>
  /** Makes history of these meters owed and their status pending; returns the meters it took. */
  oweHistory(companyUid: Uid, meterUids: Uid[], months: number): Promise<Uid[]>
  setMonitoring(companyUid: Uid, meterUids: Uid[], frequency: Frequency, fixedRefreshDay: number | null): Promise<Uid[]>
  /** The bytes as the utility sent them; null when they are no longer kept. */
  openRawFeed(authorizationUid: Uid, rawFeedUid: Uid): Promise<{ mediaType: string; bytes: Uint8Array } | null>
  /** Submits a form as a simulated utility's customer would; the referral code. Throws TestRefused. */
  testSubmit: TestSubmit
}

/** What API v3 needs beside what v2 does. */
export type NativeDeps = ApiDeps & EndpointDeps & { rateLimit: RateLimit; utilities: readonly Utility[] }

/** One authenticated request. query and body are as they came, to be parsed by the endpoint. */
export type Call<Deps extends ApiDeps = ApiDeps> = {
  deps: Deps
  /** Where this version of the API is: /api/v2. */
  prefix: string
  /** Of v3: what is ours alone may be asked and told. */
  isNative: boolean
  companyUid: Uid
  memberUid: Uid
  role: Role
  /** What the token may be used for. */
  scopes: readonly Scope[]
  query: Record<string, unknown>
  body: Record<string, unknown>
  params: Record<string, string>
  header: (name: string, value: string) => void
}

/** A file and not JSON. orElse: what it may be on request. */
export type FileAnswer = { mediaType: string; orElse?: string }

/**
 * One method of one path below the prefix. The answer is always 200; everything else is thrown as ApiError. query and body are
 * the schemas that `run` parses with, answer the one that what it returns keeps to: from them comes the OpenAPI file.
 */
export type Endpoint<Deps extends ApiDeps = ApiDeps> = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  summary: string
  /** What a token needs to be allowed. */
  scope: Scope
  query: z.ZodObject
  body?: z.ZodObject
  answer: z.ZodType | FileAnswer
  run(call: Call<Deps>): Promise<Record<string, unknown> | Buffer | Readable>
}

/** The IANA zone in which a utility's dates are meant; UTC for one that this program no longer knows. */
export function zoneOf(deps: ApiDeps, utility: string): string {
  return deps.utilityOf(utility)?.timezone ?? 'UTC'
}
