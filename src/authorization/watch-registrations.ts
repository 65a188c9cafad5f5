import type { Job, Log } from '../jobs/job.ts'
import type { Db, Tx } from '../storage/db.ts'
import { listRegistrations, type RegistrationRow } from '../storage/registrations.ts'
import { type Envelope, SecretUnreadable } from '../storage/secrets.ts'
import { certificateExpiry, daysLeft, thresholdOf } from '../utilities/certificate-expiry.ts'
import { utilityOf } from '../utilities/index.ts'
import { BadRegistration, openRegistration } from '../utilities/registration.ts'
import { warnOwners } from './warn-owners.ts'

export type WatchDeps = { db: Db; envelope: Envelope; now: () => Date; operatorEmail: string }

/** Certificates that end soon: a line in the log each day, a mail to their owners at 60, 30, 14, 7 and 1 days. */
export const watchRegistrations: Job<object, { watch: WatchDeps }> = {
  name: 'authorization.watch-registrations',
  key: () => 'watch',
  attempts: 3,
  parse: () => ({}),
  async run(_payload, { watch, log }) {
    await watchCertificates(watch, log)
  },
}

/** A certificate of ours that ends soon, or has ended. */
export type EndingCertificate = { row: RegistrationRow; expires: Date; threshold: number; left: number }

export type WatchedCertificates = { ending: EndingCertificate[]; unreadable: RegistrationRow[] }

/**
 * The certificates of all registrations that end within 60 days, the next to end first; and the registrations that cannot
 * be opened (another key, addresses that must not be used).
 */
export async function listEndingCertificates({
  db,
  envelope,
  now,
}: Omit<WatchDeps, 'operatorEmail'>): Promise<WatchedCertificates> {
  const watched: WatchedCertificates = { ending: [], unreadable: [] }
  for (const row of await db.operator((tx) => listRegistrations(tx))) {
    try {
      const expires = certificateExpiry(openRegistration(row, envelope).certificate)
      const threshold = expires === null ? null : thresholdOf(expires, now())
      if (expires === null || threshold === null) continue
      watched.ending.push({ row, expires, threshold, left: daysLeft(expires, now()) })
    } catch (error) {
      if (!(error instanceof BadRegistration || error instanceof SecretUnreadable)) throw error
      watched.unreadable.push(row)
    }
  }
  watched.ending.sort((a, b) => a.expires.getTime() - b.expires.getTime())
  return watched
}

/** Warns of certificates that end soon. Mails go out once a threshold, whoever runs this. Returns how many were queued. */
export async function watchCertificates(deps: WatchDeps, log: Log): Promise<number> {
  const { ending, unreadable } = await listEndingCertificates(deps)
  for (const { registrationUid } of unreadable) log.error({ registrationUid }, 'a registration cannot be opened')
  let queued = 0
  for (const one of ending) {
    const { row, expires, left } = one
    const { registrationUid, utility, environment } = row
    const fields = { registrationUid, utility, environment, expires: expires.toISOString(), daysLeft: left }
    log.warn(fields, left < 0 ? 'a client certificate has ended' : 'a client certificate ends soon')
    queued += await deps.db.operator((tx) => warnOfEnd(tx, one, deps))
  }
  return queued
}

/** Mails go out once a threshold. */
async function warnOfEnd(tx: Tx, one: EndingCertificate, { now, operatorEmail }: WatchDeps): Promise<number> {
  const { row, expires, threshold, left } = one
  const once = `certificate:${row.registrationUid}:${expires.getTime()}:${threshold}`
  const warning = { code: 'certificate_expiring', once, details: { daysLeft: left }, ...textOf(one) }
  return await warnOwners(tx, row, warning, { now: now(), operatorEmail })
}

function textOf({ row, expires, threshold, left }: EndingCertificate): { subject: string; body: string } {
  const { name } = utilityOf(row.utility)
  const day = expires.toISOString().slice(0, 10)
  const when = threshold === 0 ? `ended on ${day}` : `ends on ${day}, in ${left} days`
  const lines = [
    `The client certificate of the ${row.environment} registration ${row.registrationUid} at ${name} ${when}. Without a valid one ${name} answers nothing, and collection stops.`,
    `1. Order a new certificate, and look at it before you send it anywhere: gbp utility check ${row.registrationUid} --certificate-file NEW.pem --key-file NEW.key`,
    `2. Put it in place in the utility's portal, and at once here: gbp utility rotate ${row.registrationUid} --certificate-file NEW.pem --key-file NEW.key`,
  ]
  return { subject: `The client certificate for ${name} ${when}`, body: `${lines.join('\n\n')}\n` }
}
