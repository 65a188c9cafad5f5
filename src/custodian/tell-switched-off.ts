import { findCompany } from '../storage/companies.ts'
import type { ClaimedClient } from '../storage/client-notices.ts'
import type { Tx } from '../storage/db.ts'
import { queueMail } from '../storage/mails.ts'

const WHY: Record<string, string> = {
  gone: 'It answered 410 Gone.',
  failing: 'For five days no attempt has succeeded.',
}

/** Mails a company that one of its clients is not told of news any more, in the transaction that switched it off. */
export async function tellSwitchedOff(
  tx: Tx,
  { companyUid, clientUid, name, notifyUri }: ClaimedClient,
  { reason, now }: { reason: string; now: Date },
): Promise<void> {
  const company = await findCompany(tx, companyUid)
  if (!company) return
  await queueMail(tx, {
    kind: 'client_notices_off',
    authorizationUid: null,
    recipient: company.email,
    subject: 'A third party is not told of news any more',
    body:
      `Notifications of ${name.replaceAll(/\s+/g, ' ')} at ${notifyUri} were switched off. ${WHY[reason] ?? reason}\n\n` +
      'What changes is kept for 30 days. Give its notify_uri again (docs/green-button-server.md, section 5), and it is told.\n',
    once: `client_notices_off ${clientUid} ${now.toISOString()}`,
    now,
  })
}
