import type { Uid } from '../model/uid.ts'
import { findCompany } from '../storage/companies.ts'
import type { Tx } from '../storage/db.ts'
import { queueMail } from '../storage/mails.ts'

const WHY: Record<string, string> = {
  gone: 'It answered 410 Gone.',
  failing: 'For five days no attempt has succeeded.',
}

/** An address that a company gave. uid: of what it belongs to. what: the subject of a sentence. again: how to begin anew. */
export type SwitchedOff = {
  kind: 'webhook_disabled' | 'client_notices_off'
  uid: Uid
  companyUid: Uid
  subject: string
  what: string
  again: string
}

/** Mails a company that an address of its is not told any more, in the transaction that switched it off. */
export async function tellSwitchedOff(
  tx: Tx,
  { kind, uid, companyUid, subject, what, again }: SwitchedOff,
  { reason, now }: { reason: string; now: Date },
): Promise<void> {
  const company = await findCompany(tx, companyUid)
  if (!company) return
  await queueMail(tx, {
    kind,
    authorizationUid: null,
    recipient: company.email,
    subject,
    body: `${what} switched off. ${WHY[reason] ?? reason}\n\n${again}\n`,
    once: `${kind} ${uid} ${now.toISOString()}`,
    now,
  })
}
