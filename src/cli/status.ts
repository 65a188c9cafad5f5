import { openStore } from '../app.ts'
import { listEndingCertificates } from '../authorization/watch-registrations.ts'
import { readConfig } from '../config.ts'
import { listLimits } from '../storage/limits.ts'
import { summarizeOwed } from '../storage/summarize-owed.ts'

/** `gbp status`: what is owed, since when, what stands in the way, how much of each quota is used, and which certificates end. */
export async function status(env: NodeJS.ProcessEnv, out: (line: string) => void): Promise<void> {
  const store = await openStore(readConfig(env), (sentence) => void process.stderr.write(`${sentence}\n`))
  try {
    const { owed, limits } = await store.db.operator(async (tx) => ({
      owed: await summarizeOwed(tx),
      limits: await listLimits(tx),
    }))
    if (owed.length === 0) out('Nothing is owed.')
    for (const { utility, state, reason, count, oldest } of owed) {
      out(
        `${utility.padEnd(8)} ${state.padEnd(8)} ${String(count).padStart(6)}  since ${oldest.toISOString()}  ${reason ?? ''}`,
      )
    }
    for (const { registrationUid, hourUsed, dayUsed, openUntil } of limits) {
      const breaker = openUntil === null ? '' : `  breaker open until ${openUntil.toISOString()}`
      out(`registration ${registrationUid}: ${hourUsed} requests this hour, ${dayUsed} today${breaker}`)
    }
    const { ending, unreadable } = await listEndingCertificates({ ...store, now: () => new Date() })
    for (const { registrationUid } of unreadable)
      out(`registration ${registrationUid}: it cannot be opened with this ENCRYPTION_KEY`)
    for (const { row, expires, left } of ending) {
      const day = expires.toISOString().slice(0, 10)
      const when = left < 0 ? `ended on ${day}` : `ends on ${day}, in ${left} days`
      out(`registration ${row.registrationUid} at ${row.utility} (${row.environment}): its certificate ${when}`)
    }
  } finally {
    await store.close()
  }
}
