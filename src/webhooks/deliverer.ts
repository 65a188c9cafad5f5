import { randomBytes } from 'node:crypto'

import type { Uid } from '../model/uid.ts'
import type { Db, Tx } from '../storage/db.ts'
import {
  claimDelivery,
  type DeliveryRow,
  findDueDeliveries,
  isToldEverywhere,
  settleDelivery,
} from '../storage/deliveries.ts'
import type { EventRow } from '../storage/events.ts'
import { findEvent, noteTold } from '../storage/list-event-page.ts'
import type { Envelope } from '../storage/secrets.ts'
import { type EndpointRow, noteHealth } from '../storage/webhook-endpoints.ts'
import { type Attempt, judgeAnswer } from './judge-answer.ts'
import type { Sender } from './send-delivery.ts'
import { readSecrets, secretsContext } from './endpoint-secrets.ts'
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

/** Starts delivering. What is owed lies in a table: a process that dies loses nothing, and may tell once more under the same id. */
export function openDeliverer(deps: DelivererDeps): Deliverer {
  const inWork = new Map<Uid, number>()
  const running = new Set<Promise<void>>()
  let isClosed = false
  let looking: Promise<void> | null = null
  let again = false

  function start(delivery: DeliveryRow): void {
    const { endpointUid } = delivery
    inWork.set(endpointUid, (inWork.get(endpointUid) ?? 0) + 1)
    const work = deliver(deps, delivery)
      .catch((error: unknown) => deps.log({ error: nameOf(error) }, 'a delivery failed unexpectedly'))
      .finally(() => {
        running.delete(work)
        const left = (inWork.get(endpointUid) ?? 1) - 1
        if (left > 0) inWork.set(endpointUid, left)
        else inWork.delete(endpointUid)
        ring()
      })
    running.add(work)
  }

  async function look(): Promise<void> {
    do {
      again = false
      if (isClosed || running.size >= LANES) return
      const due = { now: deps.now(), limit: LANES, perEndpoint: PER_ENDPOINT }
      for (const delivery of await deps.db.operator((tx) => findDueDeliveries(tx, due))) {
        const busy = inWork.get(delivery.endpointUid) ?? 0
        if (running.size < LANES && busy < PER_ENDPOINT && !isClosed) start(delivery)
      }
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

async function deliver(deps: DelivererDeps, delivery: DeliveryRow): Promise<void> {
  const { db } = deps
  const began = deps.now()
  const claim = { now: began, lostAt: new Date(began.getTime() + LOST_MS) }
  const found = await db.operator(async (tx) => {
    const endpoint = await claimDelivery(tx, delivery, claim)
    const event = endpoint && (await findEvent(tx, delivery))
    return endpoint && event ? { endpoint, event } : null
  })
  if (!found) return
  const { endpoint, event } = found
  const body = bodyOf(deps, endpoint, event)
  const secrets = readSecrets(deps.envelope.openJson(endpoint.secrets, secretsContext(endpoint)))
  const headers = signDelivery(secrets, {
    id: `msg_${event.eventUid}`,
    body,
    now: began,
    attempt: delivery.attempts,
    salt: randomBytes(16).toString('hex'),
  })
  const attempt = await deps.sender.send(endpoint.url, body, headers)
  await settle(deps, { delivery, endpoint, attempt, began })
}

/** The list that clients of the incumbent expect, pretty-printed: they hash the text that they print again. */
function bodyOf({ render }: DelivererDeps, { url }: EndpointRow, event: EventRow): string {
  const told = render({ ...event, isDelivered: false, details: { ...event.details, delivery_target: url } })
  return JSON.stringify({ events: [told], next: null }, null, 4)
}

type Settling = { delivery: DeliveryRow; endpoint: EndpointRow; attempt: Attempt; began: Date }

async function settle(deps: DelivererDeps, { delivery, endpoint, attempt, began }: Settling): Promise<void> {
  const now = deps.now()
  const verdict = judgeAnswer(attempt, delivery.attempts + 1, { now, random: deps.random })
  const isDelivered = verdict.outcome === 'delivered'
  const line = {
    ts: began.toISOString(),
    status: attempt.status,
    error: attempt.status === null ? attempt.error : null,
    ms: now.getTime() - began.getTime(),
  }
  await deps.db.operator(async (tx) => {
    const state = verdict.outcome === 'again' ? 'owed' : verdict.outcome
    await settleDelivery(tx, delivery, { state, nextTry: verdict.nextTry, line })
    if (isDelivered && (await isToldEverywhere(tx, delivery.eventUid))) await noteTold(tx, delivery, endpoint.url)
    const failingBefore = new Date(now.getTime() - DISABLE_MS)
    const reason = await noteHealth(tx, endpoint.endpointUid, { ...verdict.endpoint, isDelivered, failingBefore, now })
    if (reason !== null) await deps.tellDisabled(tx, { ...endpoint, reason })
  })
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}
