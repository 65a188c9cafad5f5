import { sql } from 'kysely'

import type { DataClass } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** One attempt of a client to be let in, from the customer's e-mail address to the exchange of its code. */
export type ClientRequestRow = {
  linkHash: Buffer
  companyUid: Uid
  clientUid: Uid
  browserHash: Buffer
  email: string
  /** null: of any utility. */
  utility: string | null
  redirectUri: string
  isRedirectGiven: boolean
  state: string | null
  codeChallenge: string | null
  dataClasses: DataClass[]
  /** null: as far back as the customer shares with the company. */
  historyStart: Date | null
  ends: Date | null
  created: Date
  expires: Date
  decided: Date | null
  authorizationUid: Uid | null
  consentNo: number | null
  exchanged: Date | null
}

export type NewClientRequest = Omit<
  ClientRequestRow,
  'linkHash' | 'browserHash' | 'decided' | 'authorizationUid' | 'consentNo' | 'exchanged'
> & { linkHash: Uint8Array; browserHash: Uint8Array }

const columns = sql`link_hash as "linkHash", company_uid as "companyUid", client_uid as "clientUid",
  browser_hash as "browserHash", email, utility, redirect_uri as "redirectUri", is_redirect_given as "isRedirectGiven",
  state, code_challenge as "codeChallenge", data_classes as "dataClasses", history_start as "historyStart", ends, created,
  expires, decided, authorization_uid as "authorizationUid", consent_no as "consentNo", exchanged`

/** Stores a request and forgets those whose time is over: they hold addresses of people. */
export async function insertClientRequest(tx: Tx, r: NewClientRequest): Promise<void> {
  await sql`delete from client_requests where expires < ${r.created}`.execute(tx)
  await sql`
    insert into client_requests (link_hash, company_uid, client_uid, browser_hash, email, utility, redirect_uri,
      is_redirect_given, state, code_challenge, data_classes, history_start, ends, created, expires)
    values (${r.linkHash}, ${r.companyUid}, ${r.clientUid}, ${r.browserHash}, ${r.email}, ${r.utility}, ${r.redirectUri},
      ${r.isRedirectGiven}, ${r.state}, ${r.codeChallenge}, ${r.dataClasses}::text[], ${r.historyStart}, ${r.ends},
      ${r.created}, ${r.expires})`.execute(tx)
}

/** How many requests this address has got that are not over yet, from one client. */
export async function countClientRequests(
  tx: Tx,
  { clientUid, email, now }: { clientUid: Uid; email: string; now: Date },
): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from client_requests
     where client_uid = ${clientUid} and lower(email) = lower(${email}) and expires >= ${now}`.execute(tx)
  return rows[0]?.n ?? 0
}

/** The request that a mailed link leads to, decided or not; null when it is over. */
export async function findClientRequest(tx: Tx, linkHash: Uint8Array, now: Date): Promise<ClientRequestRow | null> {
  const { rows } = await sql<ClientRequestRow>`
    select ${columns} from client_requests where link_hash = ${linkHash} and expires > ${now}`.execute(tx)
  return rows[0] ?? null
}

/** What the customer decided; code and consent are null where they said no. False: it was decided before. */
export async function decideClientRequest(
  tx: Tx,
  linkHash: Uint8Array,
  d: {
    now: Date
    grant: { authorizationUid: Uid; consentNo: number; codeHash: Uint8Array; codeExpires: Date } | null
  },
): Promise<boolean> {
  const { grant, now } = d
  const { numAffectedRows } = await sql`
    update client_requests
       set decided = ${now}, authorization_uid = ${grant?.authorizationUid ?? null}, consent_no = ${grant?.consentNo ?? null},
           code_hash = ${grant?.codeHash ?? null}, code_expires = ${grant?.codeExpires ?? null}
     where link_hash = ${linkHash} and decided is null and expires > ${now}`.execute(tx)
  return numAffectedRows === 1n
}

/** Uses a code of this client up, in one statement; null when it has none such that is good. */
export async function useCode(
  tx: Tx,
  { codeHash, clientUid, now }: { codeHash: Uint8Array; clientUid: Uid; now: Date },
): Promise<ClientRequestRow | null> {
  const { rows } = await sql<ClientRequestRow>`
    update client_requests set exchanged = ${now}
     where code_hash = ${codeHash} and client_uid = ${clientUid} and exchanged is null and code_expires > ${now}
    returning ${columns}`.execute(tx)
  return rows[0] ?? null
}

/** A code of this client that was used before. */
export async function findUsedCode(
  tx: Tx,
  { codeHash, clientUid }: { codeHash: Uint8Array; clientUid: Uid },
): Promise<ClientRequestRow | null> {
  const { rows } = await sql<ClientRequestRow>`
    select ${columns} from client_requests
     where code_hash = ${codeHash} and client_uid = ${clientUid} and exchanged is not null`.execute(tx)
  return rows[0] ?? null
}
