import type { Uid } from '../model/uid.ts'
import { listActiveInSlot, listEndingInSlot, listExpiringSoon } from '../storage/authorizations.ts'
import { appendEvent } from '../storage/events.ts'
import { listUnusedGrants } from '../storage/list-unused-grants.ts'
import { utilities } from '../utilities/index.ts'
import { mailAboutEnd } from './end-authorization.ts'
import type { PathDeps } from './path-deps.ts'

/** What happens once a day for each authorization, at its own minute of the day, so that the work is spread evenly. */
const MINUTES = 1440
const DAY_MS = 86_400_000
const BATCH = 500
const REMIND_DAYS = [30, 7]

const slotOf = (now: Date): { slot: number; slots: number; limit: number } => ({
  slot: Math.floor(now.getTime() / 60_000) % MINUTES,
  slots: MINUTES,
  limit: BATCH,
})

/** What a list has behind each of its pages, until one is not full. */
async function allPages(list: (after: Uid) => Promise<Uid[]>): Promise<Uid[]> {
  const all: Uid[] = []
  for (;;) {
    const page = await list(all.at(-1) ?? '0')
    all.push(...page)
    if (page.length < BATCH) return all
  }
}

/**
 * Asks once a day how each running grant stands, at utilities whose data come in files: there no refused token ever
 * tells that a customer has ended a share, and a notification may be lost. Each authorization has its minute of the day.
 * Returns how many changed.
 */
export async function checkRunningGrants(deps: Pick<PathDeps, 'db' | 'now' | 'tokens'>): Promise<number> {
  const ids = utilities.filter(({ espi }) => espi.delivery === 'bulk-files').map(({ id }) => id)
  const slot = { utilities: ids, ...slotOf(deps.now()) }
  const due = await allPages((after) => deps.db.operator((tx) => listActiveInSlot(tx, { ...slot, after })))
  let changed = 0
  for (const authorizationUid of due) {
    // A utility that is down is asked tomorrow, or tells by itself.
    if (await deps.tokens.checkAtUtility(authorizationUid).catch(() => false)) changed++
  }
  return changed
}

/**
 * Uses grants that were not used for so long that the utility would soon drop them: three quarters of what the profile
 * says of refresh tokens and authorizations. So a share without monitoring stays until its end. Returns how many were used.
 */
export async function keepGrantsAlive(deps: Pick<PathDeps, 'db' | 'now' | 'tokens'>): Promise<number> {
  const now = deps.now()
  let used = 0
  for (const { id, oauth, ending } of utilities) {
    const days = Math.min(oauth.refreshTokenDays, ending.unusedDays ?? Infinity) * 0.75
    const unused = { utility: id, usedBefore: new Date(now.getTime() - days * DAY_MS), ...slotOf(now) }
    const due = await allPages((after) => deps.db.operator((tx) => listUnusedGrants(tx, { ...unused, after })))
    for (const authorizationUid of due) {
      // A utility that is down is asked again tomorrow; a grant that is over is marked where that is found out.
      const isUsed = await deps.tokens.withAccessToken(authorizationUid, async () => true).catch(() => false)
      if (isUsed) used++
    }
  }
  return used
}

/**
 * Reminds customers 30 and 7 days before a share ends; each once, also when a day was missed. A share that was shorter
 * from the start is not announced so. Returns how many mails were queued.
 */
export async function remindBeforeEnd(deps: Pick<PathDeps, 'db' | 'now' | 'config'>): Promise<number> {
  const now = deps.now()
  const at = (days: number): Date => new Date(now.getTime() + days * DAY_MS)
  let queued = 0
  for (const days of REMIND_DAYS) {
    const due = { from: at(days - 2), until: at(days), createdBefore: at(-1), ...slotOf(now) }
    queued += await deps.db.operator(async (tx) => {
      let mails = 0
      for (const row of await listEndingInSlot(tx, due)) {
        const once = `expiring:${days}:${row.authorizationUid}:${row.expires.getTime()}`
        if (await mailAboutEnd(tx, deps.config, { row, kind: 'expiring', once, now })) mails++
      }
      return mails
    })
  }
  return queued
}

/** Tells companies, by event, of shares that end within 24 hours. Returns how many. */
export async function announceEnds({ db, now }: Pick<PathDeps, 'db' | 'now'>): Promise<number> {
  const moment = now()
  return await db.operator(async (tx) => {
    const until = new Date(moment.getTime() + DAY_MS)
    const ending = await listExpiringSoon(tx, { now: moment, until, limit: BATCH })
    for (const authorizationUid of ending) {
      await appendEvent(tx, { type: 'authorization_expiring_soon', authorizationUid, now: moment })
    }
    return ending.length
  })
}
