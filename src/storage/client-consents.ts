import { type RawBuilder, sql } from 'kysely'

import type { DataClass } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'
import type { AuthorizationRow } from './authorizations.ts'
import { insertNotices } from './client-notices.ts'
import type { Tx } from './db.ts'

/** What a customer agreed to pass on to a client, word by word; kept after its end. */
export type ClientConsentRow = {
  authorizationUid: Uid
  consentNo: number
  companyUid: Uid
  clientUid: Uid
  clientName: string
  dataClasses: DataClass[]
  historyStart: Date
  ends: Date
  scope: string
  textVersion: string
  textHash: string
  textShown: string
  language: string
  agreed: Date
  ended: Date | null
  endedBy: string | null
}

/** A consent in force, cut to what its authorization still covers. utility: the id of the authorization's utility. */
export type RunningConsent = Pick<
  ClientConsentRow,
  'authorizationUid' | 'consentNo' | 'companyUid' | 'clientUid' | 'dataClasses' | 'historyStart' | 'ends' | 'scope'
> & { agreed: Date; utility: string; status: AuthorizationRow['status'] }

/** Appends a consent under the authorization's next number. */
export async function appendClientConsent(
  tx: Tx,
  c: Omit<ClientConsentRow, 'consentNo' | 'ended' | 'endedBy'>,
): Promise<number> {
  const { rows } = await sql<{ consentNo: number }>`
    insert into client_consents (authorization_uid, consent_no, company_uid, client_uid, client_name, data_classes,
      history_start, ends, scope, text_version, text_hash, text_shown, language, agreed)
    select ${c.authorizationUid}::bigint, coalesce(max(consent_no), 0) + 1, ${c.companyUid}::bigint, ${c.clientUid}::bigint,
      ${c.clientName}, ${c.dataClasses}::text[], ${c.historyStart}::timestamptz, ${c.ends}::timestamptz, ${c.scope},
      ${c.textVersion}, ${c.textHash}, ${c.textShown}, ${c.language}, ${c.agreed}::timestamptz
      from client_consents where authorization_uid = ${c.authorizationUid}::bigint
    returning consent_no as "consentNo"`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('an insert returned no row')
  return row.consentNo
}

/** A consent counts while neither it nor its authorization has ended; what the authorization lost, it lost too. */
const running = (now: Date): RawBuilder<boolean> => sql<boolean>`c.ended is null and c.ends > ${now}
  and a.state in ('active', 'needs_reauthorization') and a.expires > ${now}`

const runningColumns = sql`c.authorization_uid as "authorizationUid", c.consent_no as "consentNo",
  c.company_uid as "companyUid", c.client_uid as "clientUid", c.scope, c.agreed, a.utility, a.status,
  array(select unnest(c.data_classes) intersect select unnest(a.data_classes)) as "dataClasses",
  greatest(c.history_start, a.history_start) as "historyStart", least(c.ends, a.expires) as ends`

/** The consent in force of this number; null when it has ended or never was. */
export async function findRunningConsent(
  tx: Tx,
  { authorizationUid, consentNo, now }: { authorizationUid: Uid; consentNo: number; now: Date },
): Promise<RunningConsent | null> {
  const { rows } = await sql<RunningConsent>`
    select ${runningColumns} from client_consents c join authorizations a on a.authorization_uid = c.authorization_uid
     where c.authorization_uid = ${authorizationUid} and c.consent_no = ${consentNo} and ${running(now)}`.execute(tx)
  return rows[0] ?? null
}

/** Those in force of a client among some authorizations. */
export async function listRunningOf(
  tx: Tx,
  { clientUid, authorizationUids, now }: { clientUid: Uid; authorizationUids: readonly Uid[]; now: Date },
): Promise<RunningConsent[]> {
  const { rows } = await sql<RunningConsent>`
    select ${runningColumns} from client_consents c join authorizations a on a.authorization_uid = c.authorization_uid
     where c.authorization_uid = any(${[...authorizationUids]}::bigint[]) and c.client_uid = ${clientUid}
       and ${running(now)}`.execute(tx)
  return rows
}

/** Consents whose own end has come and is not noted yet, `limit` at most. */
export async function listRunOut(
  tx: Tx,
  { now, limit }: { now: Date; limit: number },
): Promise<Pick<ClientConsentRow, 'authorizationUid' | 'consentNo'>[]> {
  const { rows } = await sql<Pick<ClientConsentRow, 'authorizationUid' | 'consentNo'>>`
    select authorization_uid as "authorizationUid", consent_no as "consentNo" from client_consents
     where ended is null and ends <= ${now} order by ends limit ${limit}`.execute(tx)
  return rows
}

/** Every consent in force of a client, oldest authorization first. Runs under row-level security. */
export async function listRunningConsents(tx: Tx, clientUid: Uid, now: Date): Promise<RunningConsent[]> {
  const { rows } = await sql<RunningConsent>`
    select ${runningColumns} from client_consents c join authorizations a on a.authorization_uid = c.authorization_uid
     where c.client_uid = ${clientUid} and ${running(now)} order by c.authorization_uid, c.consent_no`.execute(tx)
  return rows
}

/** Consents of one authorization, ended or not, newest first: a client's, or the one of a number. */
export async function listClientConsents(
  tx: Tx,
  p: { authorizationUid: Uid; clientUid?: Uid; consentNo?: number },
): Promise<ClientConsentRow[]> {
  const { rows } = await sql<ClientConsentRow>`
    select authorization_uid as "authorizationUid", consent_no as "consentNo", company_uid as "companyUid",
           client_uid as "clientUid", client_name as "clientName", data_classes as "dataClasses",
           history_start as "historyStart", ends, scope, text_version as "textVersion", text_hash as "textHash",
           text_shown as "textShown", language, agreed, ended, ended_by as "endedBy"
      from client_consents
     where authorization_uid = ${p.authorizationUid}
       and (${p.clientUid ?? null}::bigint is null or client_uid = ${p.clientUid ?? null}::bigint)
       and (${p.consentNo ?? null}::int is null or consent_no = ${p.consentNo ?? null}::int)
     order by consent_no desc`.execute(tx)
  return rows
}

/**
 * Ends consents of an authorization: one, those of a client, or all; a client that did not ask for it is owed the word. Returns the
 * numbers of those that it ended.
 */
export async function endClientConsents(
  tx: Tx,
  e: { authorizationUid: Uid; consentNo?: number; clientUid?: Uid; by: string; now: Date },
): Promise<number[]> {
  const { rows } = await sql<{ consentNo: number; clientUid: Uid }>`
    update client_consents set ended = ${e.now}, ended_by = ${e.by}
     where authorization_uid = ${e.authorizationUid} and ended is null
       and (${e.consentNo ?? null}::int is null or consent_no = ${e.consentNo ?? null}::int)
       and (${e.clientUid ?? null}::bigint is null or client_uid = ${e.clientUid ?? null}::bigint)
    returning consent_no as "consentNo", client_uid as "clientUid"`.execute(tx)
  const told = e.by === 'client' ? [] : rows.map(({ clientUid }) => clientUid)
  const { authorizationUid, now } = e
  await insertNotices(tx, { authorizationUid, clientUids: [...new Set(told)], kinds: ['authorization'], now })
  return rows.map(({ consentNo }) => consentNo)
}

/** Ends every consent of a client that goes. Runs under row-level security. */
export async function endConsentsOfClient(tx: Tx, clientUid: Uid, by: string, now: Date): Promise<void> {
  await sql`
    update client_consents set ended = ${now}, ended_by = ${by}
     where client_uid = ${clientUid} and ended is null`.execute(tx)
}

/** Running shares of a company under an e-mail address, newest first: what its holder may pass on. */
export async function listSharesOf(
  tx: Tx,
  p: { companyUid: Uid; email: string; utility: string | null; now: Date },
): Promise<Pick<AuthorizationRow, 'authorizationUid' | 'utility' | 'dataClasses' | 'historyStart' | 'expires'>[]> {
  const { rows } = await sql<
    Pick<AuthorizationRow, 'authorizationUid' | 'utility' | 'dataClasses' | 'historyStart' | 'expires'>
  >`
    select authorization_uid as "authorizationUid", utility, data_classes as "dataClasses",
           history_start as "historyStart", expires
      from authorizations
     where company_uid = ${p.companyUid} and lower(customer_email) = lower(${p.email}) and state in ('active', 'needs_reauthorization')
       and expires > ${p.now} and not is_archived and (${p.utility}::text is null or utility = ${p.utility}::text)
     order by authorization_uid desc limit 20`.execute(tx)
  return rows
}
