import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import { renderEvent } from '../src/api/render/event.ts'
import type { Uid } from '../src/model/uid.ts'
import { appendEvent } from '../src/storage/events.ts'
import { openEnvelope } from '../src/storage/secrets.ts'
import { addEndpoint } from '../src/webhooks/add-endpoint.ts'
import { openDeliverer } from '../src/webhooks/deliverer.ts'
import { openSender } from '../src/webhooks/send-delivery.ts'
import { seedCompany } from '../test/database.ts'
import { type BenchDatabase, withDatabase } from './temporary-database.ts'
import { round } from './timing.ts'
import type { Received } from './webhook-receiver.ts'

const ALLOWED = ['127.0.0.0/8']
const noLookup = (): Promise<string[]> => Promise.resolve([])
/** The dead endpoint takes the connection and never answers; an attempt ends after this. */
const ATTEMPT_MS = 15_000

/**
 * From the commit of a change to the receiver: 100 events a second among ten companies, an endpoint each, of which one never
 * answers; then events of one company with ten endpoints, one dead. Every commit waits for the disk. `--full`: 60 seconds each.
 */
export async function benchWebhooks(args: readonly string[]): Promise<void> {
  const seconds = args.includes('--full') ? 60 : 20
  const rows: Record<string, object> = {}
  for (const [companies, perSecond] of [
    [10, 100],
    [1, 10],
  ] as const)
    await withDatabase(async (database) => {
      rows[`${perSecond} events/s, companies: ${companies}`] = await run(database, { companies, perSecond, seconds })
    })
  console.log(`\nmilliseconds from commit to receiver, ${seconds} s each, one of ten endpoints never answers`)
  console.table(rows)
  console.log('to reach: p99 at most 500 ms, none missing')
}

type Load = { companies: number; perSecond: number; seconds: number }

async function run(database: BenchDatabase, { companies, perSecond, seconds }: Load): Promise<object> {
  const { db } = database
  const receiver = new Worker(new URL('webhook-receiver.ts', import.meta.url))
  const [ports]: { alive: number; dead: number }[] = await once(receiver, 'message')
  const received: Received[] = []
  receiver.on('message', (one: Received) => received.push(one))
  const envelope = openEnvelope(randomBytes(32))
  const now = (): Date => new Date()
  const added = { db, envelope, allowed: ALLOWED, lookup: noLookup, random: randomBytes, now }
  const told: Uid[] = []
  for (let at = 0; at < companies; at++) told.push((await seedCompany(db)).companyUid)
  for (let at = 0; at < 10; at++) {
    const port = at === 0 ? ports?.dead : ports?.alive
    const url = `http://127.0.0.1:${port ?? 0}/${at}`
    await addEndpoint(added, told[at % companies] ?? '', { url, description: '', eventTypes: null })
  }
  const deliverer = openDeliverer({
    ...{ db, envelope, now, random: Math.random, render: renderEvent },
    sender: openSender(ALLOWED, noLookup, ATTEMPT_MS),
    tellDisabled: () => Promise.resolve(),
    every(ms, look) {
      const timer = setInterval(look, ms)
      return () => clearInterval(timer)
    },
    log: (fields, message) => console.error(message, fields),
  })
  const used = process.cpuUsage()
  const committed = await emit(database, told, { perSecond, seconds })
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const { user, system } = process.cpuUsage(used)
  const waits = received.map(({ id, at }) => at - (committed.get(id) ?? Number.NaN)).toSorted((a, b) => a - b)
  const owed = companies === 1 ? committed.size * 9 : Math.round(committed.size * 0.9)
  await deliverer.close()
  await receiver.terminate()
  const at = (share: number): number =>
    waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? Number.NaN
  return {
    ...{ events: committed.size, deliveries: received.length, missing: owed - received.length },
    ...{ p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) },
    'processor, ms a delivery': round((user + system) / 1000 / received.length, 2),
  }
}

/** Appends events one after another at an even pace; when each was committed, by the id that its delivery has. */
async function emit({ db }: BenchDatabase, told: readonly Uid[], { perSecond, seconds }: Omit<Load, 'companies'>) {
  const committed = new Map<string, number>()
  const began = performance.now()
  const inWork: Promise<unknown>[] = []
  for (let at = 0; at < perSecond * seconds; at++) {
    const pause = began + (at * 1000) / perSecond - performance.now()
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
    const companyUid = told[at % told.length] ?? ''
    const event = { type: 'meter_intervals_added', companyUid, now: new Date() }
    const appended = db.operator((tx) => appendEvent(tx, event))
    inWork.push(appended.then((uid) => committed.set(`msg_${uid}`, Date.now())))
  }
  await Promise.all(inWork)
  return committed
}
