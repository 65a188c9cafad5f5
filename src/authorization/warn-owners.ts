import { appendAudit } from '../storage/audit.ts'
import { findCompany } from '../storage/companies.ts'
import type { Tx } from '../storage/db.ts'
import { queueMail } from '../storage/mails.ts'
import type { RegistrationRow } from '../storage/registrations.ts'

/** once: names the occasion; whoever warns of it again tells nobody. details: ids and numbers, for the audit. */
export type Warning = { code: string; once: string; subject: string; body: string; details: Record<string, unknown> }

/**
 * Mails a warning to who owns a registration, the operator and the company whose own it is, and appends an `operator_alarm`.
 * Returns how many mails were queued.
 */
export async function warnOwners(
  tx: Tx,
  { registrationUid, companyUid }: Pick<RegistrationRow, 'registrationUid' | 'companyUid'>,
  { code, once, subject, body, details }: Warning,
  { now, operatorEmail }: { now: Date; operatorEmail: string },
): Promise<number> {
  const company = companyUid === null ? null : await findCompany(tx, companyUid)
  const recipients = [...new Set([operatorEmail, company?.email ?? operatorEmail])]
  let queued = 0
  for (const recipient of recipients) {
    const mail = { kind: code, authorizationUid: null, recipient, once: `${once}:${recipient}`, subject, body, now }
    if (await queueMail(tx, mail)) queued++
  }
  if (queued > 0) {
    const all = { code, registrationUid, ...details }
    await appendAudit(tx, { actor: 'system', action: 'operator_alarm', companyUid, now, details: all })
  }
  return queued
}
