import { randomBytes } from 'node:crypto'

import type { Uid } from '../model/uid.ts'
import type { Db, Tx } from '../storage/db.ts'
import {
  claimDeliveries,
  type ClaimedDelivery,
  listToldEverywhere,
  type SettledDelivery,
  settleDeliveries,
} from '../storage/deliveries.ts'
import type { EventRow } from '../storage/events.ts'
import { findEvents, noteTold } from '../storage/list-event-page.ts'
import type { Envelope } from '../storage/secrets.ts'
import { noteFailing, noteWell } from '../storage/webhook-endpoints.ts'
import { judgeAnswer, type Verdict } from './judge-answer.ts'
import type { Sender } from './send-delivery.ts'
import { type OpenSecrets, secretsOpener } from './endpoint-secrets.ts'
import { signDelivery } from './sign-delivery.ts'

export type DelivererDeps = {
  db: Db
  envelope: Envelope
  sender: Sender
  /** An event as programs see it: ids, type and time, no reading, name or address. */
  render: (event: EventRow) => Record<string, unknown>
  /** Tells a company that an endpoint was disabled; in the transaction that did it. */
  tellDisabled: (tx: Tx, endpoint: { endpointUid: Uid; companyUid: Uid; url: string; reason: string }) => Promise<void>
  now: () => Date
  random: () => number
  every: (ms: number, run: () => void) => () => void
  log: (fields: Record<string, unknown>, message: string) => void
}

/** The worker that tells endpoints of events, in each process that collects. */
export type Deliverer = {
  ring(): void
  /** Resolves when nothing is due any more. */
  idle(): Promise<void>
  close(): Promise<void>
}

const LANES = 64
const PER_ENDPOINT = 4
const LOOK_MS = 250
/** Longer than an attempt can take: after that its process is gone. */
const LOST_MS = 60_000
const DISABLE_MS = 5 * 86_400_000

type Taken = { delivery: ClaimedDelivery; event: EventRow }
type Settling = { delivery: ClaimedDelivery; verdict: Verdict; line: SettledDelivery['line'] }

/**
 * Starts delivering. What is owed lies in a table: a process that dies loses nothing, and may tell once more under the same
 * id. Deliveries are taken and settled many at a time, each with two transactions however many there are.
 */
export function openDeliverer(deps: DelivererDeps): Deliverer {
  const busy = new Map<Uid, number>()
  const running = new Set<Promise<void>>()
  const openSecrets = secretsOpener(deps.envelope)
  const settler = openSettler(deps)
  let isClosed = false
  let looking: Promise<void> | null = null
  let again = false

  function start(taken: Taken): void {
    const { endpointUid } = taken.delivery
    busy.set(endpointUid, (busy.get(endpointUid) ?? 0) + 1)
    const work = attempt(deps, openSecrets, taken)
      .then(settler)
      .catch((error: unknown) => deps.log({ error: nameOf(error) }, 'a delivery failed unexpectedly'))
      .finally(() => {
        running.delete(work)
        const left = (busy.get(endpointUid) ?? 1) - 1
        if (left > 0) busy.set(endpointUid, left)
        else busy.delete(endpointUid)
        ring()
      })
    running.add(work)
  }

  async function look(): Promise<void> {
    do {
      again = false
      if (isClosed || running.size >= LANES) return
      for (const taken of await take(deps, { busy, limit: LANES - running.size })) start(taken)
    } while (again)
  }

  function ring(): void {
    again = true
    if (isClosed) return
    looking ??= look()
      .catch((error: unknown) => deps.log({ error: nameOf(error) }, 'looking for deliveries failed'))
      .finally(() => {
        looking = null
      })
  }

  const stopLooking = deps.every(LOOK_MS, ring)
  return {
    ring,
    async idle() {
      ring()
      for (;;) {
        await Promise.all([looking, ...running])
        if (looking === null && running.size === 0) return
      }
    },
    async close() {
      isClosed = true
      stopLooking()
      await looking
      await Promise.all(running)
      await deps.sender.close()
    },
  }
}

/** Takes what is due, with its events. */
async function take(
  { db, now }: DelivererDeps,
  { busy, limit }: { busy: ReadonlyMap<Uid, number>; limit: number },
): Promise<Taken[]> {
  const began = now()
  const lostAt = new Date(began.getTime() + LOST_MS)
  return await db.operator(async (tx) => {
    const due = await claimDeliveries(tx, { now: began, lostAt, limit, perEndpoint: PER_ENDPOINT, busy })
    if (due.length === 0) return []
    const events = new Map((await findEvents(tx, due)).map((event) => [event.eventUid, event]))
    const gone = due.filter(({ eventUid }) => !events.has(eventUid)) // deleted with its authorization
    const line = { ts: began.toISOString(), status: null, error: 'event_deleted', ms: 0 }
    if (gone.length > 0)
      await settleDeliveries(
        tx,
        gone.map((one) => ({ ...one, state: 'given_up', nextTry: null, line })),
      )
    return due.flatMap((delivery) => {
      const event = events.get(delivery.eventUid)
      return event ? [{ delivery, event }] : []
    })
  })
}

async function attempt(deps: DelivererDeps, openSecrets: OpenSecrets, { delivery, event }: Taken): Promise<Settling> {
  const { endpoint, attempts } = delivery
  const began = deps.now()
  const body = bodyOf(deps, endpoint.url, event)
  const headers = signDelivery(openSecrets(endpoint), {
    id: `msg_${event.eventUid}`,
    body,
    now: began,
    attempt: attempts,
    salt: randomBytes(16).toString('hex'),
  })
  const met = await deps.sender.send(endpoint.url, body, headers)
  const now = deps.now()
  const verdict = judgeAnswer(met, attempts + 1, { now, random: deps.random })
  const error = met.status === null ? met.error : null
  const line = { ts: began.toISOString(), status: met.status, error, ms: now.getTime() - began.getTime() }
  return { delivery, verdict, line }
}

/** The list that clients of the incumbent expect, pretty-printed: they hash the text that they print again. */
function bodyOf({ render }: DelivererDeps, url: string, event: EventRow): string {
  const told = render({ ...event, isDelivered: false, details: { ...event.details, delivery_target: url } })
  return JSON.stringify({ events: [told], next: null }, null, 4)
}

/** Settles attempts: those that end while others are being settled go together, in the next transaction. */
function openSettler(deps: DelivererDeps): (one: Settling) => Promise<void> {
  let waiting: Settling[] = []
  let last: Promise<void> = Promise.resolve()
  let next: Promise<void> | null = null
  async function settleWaiting(): Promise<void> {
    const batch = waiting
    waiting = []
    next = null
    await settle(deps, batch)
  }
  return async (one) => {
    waiting.push(one)
    if (next === null) {
      // Whatever became of those before, of which those who wait for them are told.
      next = Promise.allSettled([last]).then(settleWaiting)
      last = next
    }
    await next
  }
}

async function settle(deps: DelivererDeps, batch: readonly Settling[]): Promise<void> {
  const now = deps.now()
  const failingBefore = new Date(now.getTime() - DISABLE_MS)
  const [delivered, failed] = [true, false].map((wanted) =>
    batch.filter(({ verdict }) => (verdict.outcome === 'delivered') === wanted),
  )
  await deps.db.operator(async (tx) => {
    await settleDeliveries(tx, batch.map(settledOf))
    if (delivered?.length) await noteDelivered(tx, delivered)
    for (const { delivery, verdict } of failed ?? []) {
      const { endpoint } = delivery
      const reason = await noteFailing(tx, endpoint.endpointUid, { ...verdict.endpoint, failingBefore, now })
      if (reason !== null) await deps.tellDisabled(tx, { ...endpoint, reason })
    }
  })
}

function settledOf({ delivery: { endpointUid, eventUid }, verdict, line }: Settling): SettledDelivery {
  const state = verdict.outcome === 'again' ? 'owed' : verdict.outcome
  return { endpointUid, eventUid, state, nextTry: verdict.nextTry, line }
}

async function noteDelivered(tx: Tx, delivered: readonly Settling[]): Promise<void> {
  const all = delivered.map(({ delivery }) => delivery)
  await noteWell(tx, [...new Set(all.map(({ endpointUid }) => endpointUid))])
  const told = await listToldEverywhere(tx, [...new Set(all.map(({ eventUid }) => eventUid))])
  const last = new Map(all.filter(({ eventUid }) => told.has(eventUid)).map((one) => [one.eventUid, one]))
  const targets = [...last.values()].map((one) => ({ ...one, target: one.endpoint.url }))
  if (targets.length > 0) await noteTold(tx, targets)
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}
