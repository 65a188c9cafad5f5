import { stopConsent } from '../authorization/stop-consent.ts'
import { writeBare } from '../espi/write/write-feed.ts'
import { listRunningOf, listRunOut, type RunningConsent } from '../storage/client-consents.ts'
import {
  claimNotified,
  type ClaimedClient,
  deleteNotices,
  listNotices,
  noteNotified,
  noteNotNotified,
  type NoticeRow,
} from '../storage/client-notices.ts'
import type { Db, Tx } from '../storage/db.ts'
import { judgeAnswer } from '../webhooks/judge-answer.ts'
import type { Sender } from '../webhooks/send-delivery.ts'
import { type SwitchedOff, tellSwitchedOff } from '../webhooks/tell-switched-off.ts'

export type NotifyDeps = {
  db: Db
  sender: Sender
  /** The address of all resources. */
  base: string
  now: () => Date
  random: () => number
}

/** Clients told at a time: one that does not answer takes a lane for 15 seconds, and then waits longer and longer. */
const LANES = 16
/** Between two lists of a client, unless the first was full: what changes meanwhile goes together. */
const PAUSE_MS = 50_000
/** Longer than an attempt can take: after that its process is gone. */
const LOST_MS = 60_000
const DISABLE_MS = 5 * 86_400_000
const LATE_MS = 86_400_000
/** Addresses in a list: as many as our own collector reads. */
const MOST_RESOURCES = 500
const MOST_NOTICES = 5000
const ENDS = 500

/**
 * Tells clients what they may fetch anew: one BatchList (ESPI 4.0, notifications) for all customers of a client. What is owed
 * lies in a table: a list that was not taken is made anew from it when it is due again, of those who still let the client in.
 */
export async function notifyClients(deps: NotifyDeps, signal: AbortSignal): Promise<void> {
  await endRunOut(deps)
  async function lane(): Promise<void> {
    while (!signal.aborted) {
      const now = deps.now()
      const lostAt = new Date(now.getTime() + LOST_MS)
      const client = await deps.db.operator((tx) => claimNotified(tx, { now, lostAt }))
      if (client === null) return
      await notifyClient(deps, client)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

/** Consents that a client asked for until a day end on that day. */
async function endRunOut({ db, now }: NotifyDeps): Promise<void> {
  await db.operator(async (tx) => {
    for (const consent of await listRunOut(tx, { now: now(), limit: ENDS }))
      await stopConsent(tx, { ...consent, by: 'system', now: now() })
  })
}

async function notifyClient(deps: NotifyDeps, client: ClaimedClient): Promise<void> {
  const { clientUid, notifyUri } = client
  const began = deps.now()
  const { resources, noticeUids, isFull } = await deps.db.readOperator(async (tx) => {
    const notices = await listNotices(tx, { clientUid, limit: MOST_NOTICES })
    const authorizationUids = [...new Set(notices.map(({ authorizationUid }) => authorizationUid))]
    const running = await listRunningOf(tx, { clientUid, authorizationUids, now: began })
    return planList(deps.base, notices, running)
  })
  const next = new Date(began.getTime() + (isFull ? 0 : PAUSE_MS))
  if (resources.length === 0) {
    await deps.db.operator(async (tx) => {
      await deleteNotices(tx, clientUid, noticeUids)
      await noteNotified(tx, clientUid, { next, line: null })
    })
    return
  }
  const body = Buffer.from(writeBare({ kind: 'BatchList', value: { resources } })).toString('utf8')
  const met = await deps.sender.send(notifyUri, body, { 'content-type': 'application/atom+xml' })
  const now = deps.now()
  const ms = now.getTime() - began.getTime()
  const error = met.status === null ? met.error : null
  const line = { ts: began.toISOString(), status: met.status, error, ms, resources: resources.length }
  const verdict = judgeAnswer(met, client.attempts + 1, { now, random: deps.random })
  await deps.db.operator(async (tx) => {
    if (verdict.outcome === 'delivered') {
      await deleteNotices(tx, clientUid, noticeUids)
      await noteNotified(tx, clientUid, { next, line })
      return
    }
    const failed = { line, gone: verdict.endpoint.gone, next: verdict.nextTry ?? new Date(now.getTime() + LATE_MS) }
    await noteFailed(tx, client, failed, now)
  })
}

type Failed = { next: Date; line: Parameters<typeof noteNotNotified>[2]['line']; gone: boolean }

async function noteFailed(tx: Tx, client: ClaimedClient, failed: Failed, now: Date): Promise<void> {
  const failingBefore = new Date(now.getTime() - DISABLE_MS)
  const reason = await noteNotNotified(tx, client.clientUid, { ...failed, failingBefore, now })
  if (reason !== null) await tellSwitchedOff(tx, switchedOff(client), { reason, now })
}

const switchedOff = ({ clientUid, companyUid, name, notifyUri }: ClaimedClient): SwitchedOff => ({
  kind: 'client_notices_off',
  uid: clientUid,
  companyUid,
  subject: 'A third party is not told of news any more',
  what: `Notifications of ${name.replaceAll(/\s+/g, ' ')} at ${notifyUri} were`,
  again:
    'What changes is kept for 30 days. Give its notify_uri again (docs/green-button-server.md, section 5), and it is told.',
})

/**
 * The addresses of what has changed, each once, of those who let the client in still, and only what they agreed to; the end of
 * an agreement is told whoever ended it. noticeUids: those that the list settles. isFull: there is more than fits.
 */
export function planList(
  base: string,
  notices: readonly NoticeRow[],
  running: readonly RunningConsent[],
): { resources: string[]; noticeUids: string[]; isFull: boolean } {
  const consents = new Map(running.map((consent) => [consent.authorizationUid, consent]))
  const resources = new Set<string>()
  const noticeUids: string[] = []
  for (const notice of notices) {
    if (resources.size >= MOST_RESOURCES) break
    for (const address of addressesOf(base, notice, consents.get(notice.authorizationUid))) resources.add(address)
    noticeUids.push(notice.noticeUid)
  }
  const isFull = noticeUids.length < notices.length || notices.length === MOST_NOTICES
  return { resources: [...resources], noticeUids, isFull }
}

function addressesOf(
  base: string,
  { authorizationUid, kind }: NoticeRow,
  consent: RunningConsent | undefined,
): string[] {
  if (kind === 'authorization') return [`${base}/Authorization/${authorizationUid}`]
  if (consent === undefined) return []
  const usage = `${base}/Batch/Subscription/${authorizationUid}`
  if (kind !== 'meters') return consent.dataClasses.includes(kind) ? [usage] : []
  // A usage point is in every feed; whose it is, in the customer's alone.
  const isOfPeople = consent.dataClasses.some((name) => name === 'meters' || name === 'accounting')
  return isOfPeople ? [usage, `${base}/Batch/RetailCustomer/${authorizationUid}`] : [usage]
}
