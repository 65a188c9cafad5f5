import { openStore } from '../open-store.ts'
import { type EndingCertificate, listEndingCertificates } from '../authorization/watch-registrations.ts'
import { LAG_HOURS } from '../collection/watch-lag.ts'
import { readConfig } from '../config.ts'
import { listLimits } from '../storage/limit-rows.ts'
import type { LimitState, Quota } from '../storage/take-slot.ts'
import { listRegistrations } from '../storage/registrations.ts'
import {
  countQuarantined,
  type Lagging,
  type Loading,
  type Owed,
  summarizeLag,
  summarizeLoading,
  summarizeOwed,
} from '../storage/summarize-owed.ts'
import { utilityOf } from '../utilities/index.ts'

/** What stands between an operator and a quiet night. */
export type StatusFacts = {
  now: Date
  loading: readonly Loading[]
  owed: readonly Owed[]
  lagging: readonly Lagging[]
  quarantined: readonly { utility: string; feeds: number }[]
  limits: readonly (LimitState & { registration: string; quota: Quota })[]
  certificates: readonly string[]
}

const QUARANTINE_DAYS = 30
const HOUR_MS = 3_600_000

/** `gbp status`: what is loading, what is owed and why, who lags behind, how much of each quota is used, what ends soon. */
export async function status(env: NodeJS.ProcessEnv, out: (line: string) => void): Promise<void> {
  const store = await openStore(readConfig(env), (sentence) => void process.stderr.write(`${sentence}\n`))
  try {
    const now = new Date()
    const facts = await store.db.operator(async (tx) => {
      const registrations = new Map((await listRegistrations(tx)).map((one) => [one.registrationUid, one]))
      return {
        loading: await summarizeLoading(tx),
        owed: await summarizeOwed(tx),
        lagging: await summarizeLag(tx, new Date(now.getTime() - LAG_HOURS * HOUR_MS)),
        quarantined: await countQuarantined(tx, new Date(now.getTime() - QUARANTINE_DAYS * 24 * HOUR_MS)),
        limits: (await listLimits(tx)).flatMap((state) => {
          const row = registrations.get(state.registrationUid)
          if (!row) return []
          const { quota } = utilityOf(row.utility)
          return [{ ...state, registration: `${row.registrationUid} at ${row.utility} (${row.environment})`, quota }]
        }),
      }
    })
    const { ending, unreadable } = await listEndingCertificates({ ...store, now: () => now })
    const certificates = [
      ...unreadable.map(({ registrationUid }) => `${registrationUid}: it cannot be opened with this ENCRYPTION_KEY`),
      ...ending.map(certificateLine),
    ]
    for (const line of renderStatus({ ...facts, now, certificates })) out(line)
  } finally {
    await store.close()
  }
}

function certificateLine({ row, expires, left }: EndingCertificate): string {
  const day = expires.toISOString().slice(0, 10)
  const when = left < 0 ? `ended on ${day}` : `ends on ${day}, in ${left} days`
  return `${row.registrationUid} at ${row.utility} (${row.environment}): its certificate ${when}`
}

/** The page, line by line. */
export function renderStatus({
  now,
  loading,
  owed,
  lagging,
  quarantined,
  limits,
  certificates,
}: StatusFacts): string[] {
  return [
    ...loading.map(
      ({ utility, customers, done, all }) =>
        `loading  ${utility.padEnd(8)} ${bar(done / all)} ${done} of ${all} windows, ${customers} customers`,
    ),
    ...(owed.length === 0 ? ['Nothing is owed.'] : []),
    ...owed.map(
      ({ utility, state, reason, count, oldest }) =>
        `${state.padEnd(8)} ${utility.padEnd(8)} ${String(count).padStart(6)}  for ${age(now, oldest)}  ${reason ?? ''}`,
    ),
    ...lagging.map(
      ({ registrationUid, utility, customers, newest }) =>
        `ALARM    ${utility.padEnd(8)} ${customers} customers of registration ${registrationUid} got nothing for ${LAG_HOURS} hours; the newest is ${newest?.toISOString() ?? 'none at all'}`,
    ),
    ...quarantined.map(
      ({ utility, feeds }) =>
        `left out ${utility.padEnd(8)} ${feeds} feeds of ${QUARANTINE_DAYS} days had entries that could not be read`,
    ),
    ...limits.flatMap((state) => quotaLines(state, now)),
    ...certificates.map((line) => `ends     registration ${line}`),
  ].map((line) => line.trimEnd())
}

function quotaLines(state: StatusFacts['limits'][number], now: Date): string[] {
  const { registration, quota, hourUsed, dayUsed, openUntil } = state
  const of = (used: number, limit: number | null): string => (limit === null ? `${used}` : `${used} of ${limit}`)
  const isOpen = openUntil !== null && openUntil > now
  return [
    `quota    registration ${registration}: ${of(hourUsed, quota.perHour)} requests this hour, ${of(dayUsed, quota.perDay)} today`,
    ...(isOpen ? [`breaker  registration ${registration}: nothing goes out until ${openUntil.toISOString()}`] : []),
  ]
}

const WIDTH = 20

function bar(share: number): string {
  const full = Math.round(share * WIDTH)
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}]`
}

function age(now: Date, since: Date): string {
  const minutes = Math.max(0, Math.round((now.getTime() - since.getTime()) / 60_000))
  if (minutes < 120) return `${minutes} min`
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`
}
