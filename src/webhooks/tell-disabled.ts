import type { Uid } from '../model/uid.ts'
import { findCompany } from '../storage/companies.ts'
import type { Tx } from '../storage/db.ts'
import { queueMail } from '../storage/mails.ts'

const WHY: Record<string, string> = {
  gone: 'It answered 410 Gone.',
  failing: 'For five days no attempt has succeeded.',
}

/** Mails a company that one of its endpoints is not told any more, in the transaction that disabled it. */
export async function tellDisabled(
  tx: Tx,
  { endpointUid, companyUid, url, reason }: { endpointUid: Uid; companyUid: Uid; url: string; reason: string },
  now: Date,
): Promise<void> {
  const company = await findCompany(tx, companyUid)
  if (!company) return
  await queueMail(tx, {
    kind: 'webhook_disabled',
    authorizationUid: null,
    recipient: company.email,
    subject: 'A webhook endpoint was switched off',
    body:
      `Your webhook endpoint ${url} was switched off. ${WHY[reason] ?? reason}\n\n` +
      'What happened since is kept for 30 days. Enable the endpoint again (docs/webhooks.md, section "When it fails"), and it is delivered.\n',
    once: `webhook_disabled ${endpointUid} ${now.toISOString()}`,
    now,
  })
}
