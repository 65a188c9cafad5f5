import type { Db } from '../storage/db.ts'
import { claimMails, markMailSent, putOffMail } from '../storage/mails.ts'

export type OutgoingMail = { to: string; subject: string; text: string }
export type SendMail = (mail: OutgoingMail) => Promise<void>

const BATCH = 20
const CLAIM_MS = 600_000
const BACKOFF_MS = [60_000, 300_000, 1_800_000, 7_200_000, 21_600_000]

/**
 * Sends what is due, a batch at a time; a mail that fails is tried again later, twelve times at most. Safe to run in
 * several processes: each mail is claimed first. Returns how many were sent.
 */
export async function sendMails(deps: { db: Db; now: () => Date; sendMail: SendMail }): Promise<number> {
  const { db, now, sendMail } = deps
  let sent = 0
  for (let batch = 0; batch < 50; batch++) {
    const claimed = await db.operator((tx) =>
      claimMails(tx, { now: now(), again: new Date(now().getTime() + CLAIM_MS), limit: BATCH }),
    )
    for (const mail of claimed) {
      try {
        await sendMail({ to: mail.recipient, subject: mail.subject, text: mail.body })
      } catch {
        const wait = BACKOFF_MS[Math.min(mail.attempts, BACKOFF_MS.length) - 1] ?? CLAIM_MS
        await db.operator((tx) => putOffMail(tx, mail.mailUid, new Date(now().getTime() + wait)))
        continue
      }
      await db.operator((tx) => markMailSent(tx, mail.mailUid, now()))
      sent++
    }
    if (claimed.length < BATCH) break
  }
  return sent
}
