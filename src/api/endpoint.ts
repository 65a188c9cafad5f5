import type { Readable } from 'node:stream'

import type { Uid } from '../model/uid.ts'
import type { Db } from '../storage/db.ts'
import type { Frequency } from '../storage/edit-meter.ts'
import type { Utility } from '../utilities/contract.ts'

/** What the API needs from the rest of the program. */
export type ApiDeps = {
  db: Db
  now: () => Date
  /** Our own address without a trailing slash; never taken from a request. */
  publicUrl: string
  authenticate(token: string): Promise<{ companyUid: Uid; memberUid: Uid } | null>
  /** Null: no such utility. */
  utilityOf(id: string): Utility | null
  /** Ends an authorization for good and deletes its data; called for running authorizations of the caller only. */
  revoke(authorizationUid: Uid, by: 'company'): Promise<void>
  /** Makes history of these meters owed and their status pending; returns the meters it took. */
  oweHistory(companyUid: Uid, meterUids: Uid[], months: number): Promise<Uid[]>
  setMonitoring(companyUid: Uid, meterUids: Uid[], frequency: Frequency, fixedRefreshDay: number | null): Promise<Uid[]>
  /** The bytes as the utility sent them; null when they are no longer kept. */
  openRawFeed(authorizationUid: Uid, rawFeedUid: Uid): Promise<{ mediaType: string; bytes: Uint8Array } | null>
}

/** One authenticated request. query and body are as they came, to be parsed by the endpoint. */
export type Call = {
  deps: ApiDeps
  companyUid: Uid
  memberUid: Uid
  query: Record<string, unknown>
  body: Record<string, unknown>
  params: Record<string, string>
  header: (name: string, value: string) => void
}

/** One method of one path below /api/v2. The answer is always 200; everything else is thrown as ApiError. */
export type Endpoint = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  run(call: Call): Promise<Record<string, unknown> | Buffer | Readable>
}

/** The IANA zone in which a utility's dates are meant; UTC for one that this program no longer knows. */
export function zoneOf(deps: ApiDeps, utility: string): string {
  return deps.utilityOf(utility)?.timezone ?? 'UTC'
}
