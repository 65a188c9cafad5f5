import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** A registration at a utility as stored; utilities/registration.ts opens it. */
export type RegistrationRow = {
  registrationUid: Uid
  utility: string
  companyUid: Uid | null
  environment: string
  clientId: string
  bulkId: string | null
  notificationKey: string
  addresses: unknown
  /** Our ApplicationInformation at the utility, where we know its id. */
  applicationId: string | null
  /** Sealed; bound to registrationUid. */
  secrets: Buffer
  created: Date
  updated: Date
  checked: Date | null
  /** What the last check found: {missing, warnings}, each a list of check names. */
  checkOutcome: unknown
}

const columns = sql`registration_uid as "registrationUid", utility, company_uid as "companyUid", environment,
  client_id as "clientId", bulk_id as "bulkId", notification_key as "notificationKey", addresses, secrets, created,
  updated, application_id as "applicationId", checked, check_outcome as "checkOutcome"`

/** The next uid, so that secrets can be sealed under it before the row is written. */
export async function nextRegistrationUid(tx: Tx): Promise<Uid> {
  const { rows } = await sql<{ uid: Uid }>`select nextval('small_uids') as uid`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('a sequence gave no number')
  return row.uid
}

export async function insertRegistration(
  tx: Tx,
  r: Omit<RegistrationRow, 'secrets' | 'checked' | 'checkOutcome'> & { secrets: Uint8Array },
): Promise<void> {
  await sql`
    insert into registrations (registration_uid, utility, company_uid, environment, client_id, bulk_id,
      notification_key, addresses, application_id, secrets, created, updated)
    values (${r.registrationUid}, ${r.utility}, ${r.companyUid}, ${r.environment}, ${r.clientId}, ${r.bulkId},
      ${r.notificationKey}, ${JSON.stringify(r.addresses)}, ${r.applicationId}, ${r.secrets}, ${r.created},
      ${r.updated})`.execute(tx)
}

/** New addresses and secrets of a known registration (rotation of a certificate, another port of a simulator). */
export async function updateRegistration(
  tx: Tx,
  r: Pick<RegistrationRow, 'registrationUid' | 'bulkId' | 'addresses' | 'applicationId' | 'updated'> & {
    secrets: Uint8Array
  },
): Promise<void> {
  await sql`
    update registrations
    set bulk_id = ${r.bulkId}, addresses = ${JSON.stringify(r.addresses)}, application_id = ${r.applicationId},
      secrets = ${r.secrets}, updated = ${r.updated}
    where registration_uid = ${r.registrationUid}`.execute(tx)
}

export async function findRegistration(tx: Tx, registrationUid: Uid): Promise<RegistrationRow | null> {
  const { rows } = await sql<RegistrationRow>`
    select ${columns} from registrations where registration_uid = ${registrationUid}`.execute(tx)
  return rows[0] ?? null
}

export async function findRegistrationByClient(
  tx: Tx,
  { utility, environment, clientId }: Pick<RegistrationRow, 'utility' | 'environment' | 'clientId'>,
): Promise<RegistrationRow | null> {
  const { rows } = await sql<RegistrationRow>`
    select ${columns} from registrations
    where utility = ${utility} and environment = ${environment} and client_id = ${clientId}`.execute(tx)
  return rows[0] ?? null
}

export async function findRegistrationByKey(tx: Tx, notificationKey: string): Promise<RegistrationRow | null> {
  const { rows } = await sql<RegistrationRow>`
    select ${columns} from registrations where notification_key = ${notificationKey}`.execute(tx)
  return rows[0] ?? null
}

/** All of them, by utility, the operator's own first. */
export async function listRegistrations(tx: Tx): Promise<RegistrationRow[]> {
  const { rows } = await sql<RegistrationRow>`
    select ${columns} from registrations order by utility, company_uid nulls first, registration_uid`.execute(tx)
  return rows
}

/** The same row, locked until the transaction ends, for a change that depends on what it holds. */
export async function lockRegistration(tx: Tx, registrationUid: Uid): Promise<RegistrationRow | null> {
  const { rows } = await sql<RegistrationRow>`
    select ${columns} from registrations where registration_uid = ${registrationUid} for update`.execute(tx)
  return rows[0] ?? null
}

/** Keeps what a check found. It changes nothing that running processes use, so `updated` stays. */
export async function saveCheck(
  tx: Tx,
  { registrationUid, checked, outcome }: { registrationUid: Uid; checked: Date; outcome: object },
): Promise<void> {
  await sql`
    update registrations set checked = ${checked}, check_outcome = ${JSON.stringify(outcome)}::jsonb
    where registration_uid = ${registrationUid}`.execute(tx)
}

/**
 * What a company's customers go through, by utility: its own registration before the operator's, production before
 * others, the newest first. One of a utility's test environment serves the operator's checks only.
 */
export async function listUsableRegistrations(
  tx: Tx,
  companyUid: Uid,
): Promise<Pick<RegistrationRow, 'registrationUid' | 'utility' | 'environment'>[]> {
  const { rows } = await sql<Pick<RegistrationRow, 'registrationUid' | 'utility' | 'environment'>>`
    select registration_uid as "registrationUid", utility, environment from registrations
    where (company_uid = ${companyUid} or company_uid is null) and environment <> 'test'
    order by company_uid nulls last, environment = 'production' desc, registration_uid desc`.execute(tx)
  return rows
}

/** Who has registrations at a utility, and under which bulk id; companyUid null: the operator, for every company. */
export async function listRegistrationsOf(
  tx: Tx,
  utility: string,
): Promise<Pick<RegistrationRow, 'companyUid' | 'bulkId'>[]> {
  const { rows } = await sql<Pick<RegistrationRow, 'companyUid' | 'bulkId'>>`
    select company_uid as "companyUid", bulk_id as "bulkId" from registrations
    where utility = ${utility} order by registration_uid desc`.execute(tx)
  return rows
}
