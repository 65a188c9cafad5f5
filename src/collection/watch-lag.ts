import { warnOwners } from '../authorization/warn-owners.ts'
import type { WatchDeps } from '../authorization/watch-registrations.ts'
import type { Job, Log } from '../jobs/job.ts'
import { findRegistration } from '../storage/registrations.ts'
import { type Lagging, summarizeLag } from '../storage/summarize-owed.ts'
import { utilityOf } from '../utilities/index.ts'

/** Customers who are followed daily and got nothing for so long are an alarm: a utility keeps files for five days. */
export const LAG_HOURS = 72
const HOUR_MS = 3_600_000

type LagDeps = Pick<WatchDeps, 'db' | 'now' | 'operatorEmail'>

/** Registrations whose customers lag behind: a line in the log each time, a mail to their owners once a day. */
export const watchLag: Job<object, { watch: LagDeps }> = {
  name: 'collect.watch-lag',
  key: () => 'lag',
  attempts: 3,
  parse: () => ({}),
  async run(_payload, { watch, log }) {
    await warnOfLag(watch, log)
  },
}

async function warnOfLag({ db, now, operatorEmail }: LagDeps, log: Log): Promise<void> {
  const at = now()
  const before = new Date(at.getTime() - LAG_HOURS * HOUR_MS)
  for (const lagging of await db.operator((tx) => summarizeLag(tx, before))) {
    const { registrationUid, utility, customers, newest } = lagging
    log.warn({ registrationUid, utility, customers, newest: newest?.toISOString() ?? null }, 'customers get no data')
    await db.operator(async (tx) => {
      const registration = await findRegistration(tx, registrationUid)
      if (registration === null) return
      const once = `data_late:${registrationUid}:${at.toISOString().slice(0, 10)}`
      const warning = { code: 'data_late', once, details: { customers }, ...textOf(lagging) }
      await warnOwners(tx, registration, warning, { now: at, operatorEmail })
    })
  }
}

function textOf({ registrationUid, utility, customers, newest }: Lagging): { subject: string; body: string } {
  const { name } = utilityOf(utility)
  const last = newest === null ? 'Nothing has ever come.' : `What came last came at ${newest.toISOString()}.`
  const lines = [
    `${customers} customers of registration ${registrationUid} at ${name} got no answer for ${LAG_HOURS} hours, although they are followed daily. ${last}`,
    `1. See what is owed and what stands in the way: gbp status`,
    `2. See whether ${name} answers under this registration: gbp utility check ${registrationUid}`,
  ]
  return { subject: `No data from ${name} for ${LAG_HOURS} hours`, body: `${lines.join('\n\n')}\n` }
}
