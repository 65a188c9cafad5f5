import type { Uid } from '../model/uid.ts'
import type { Tx } from '../storage/db.ts'
import { tellSwitchedOff } from './tell-switched-off.ts'

/** Mails a company that one of its endpoints is not told any more, in the transaction that disabled it. */
export async function tellDisabled(
  tx: Tx,
  { endpointUid, companyUid, url, reason }: { endpointUid: Uid; companyUid: Uid; url: string; reason: string },
  now: Date,
): Promise<void> {
  const off = {
    kind: 'webhook_disabled',
    uid: endpointUid,
    companyUid,
    subject: 'A webhook endpoint was switched off',
    what: `Your webhook endpoint ${url} was`,
    again:
      'What happened since is kept for 30 days. Enable the endpoint again (docs/webhooks.md, section "When it fails"), and it is delivered.',
  } as const
  await tellSwitchedOff(tx, off, { reason, now })
}
