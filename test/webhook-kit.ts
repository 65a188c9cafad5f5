import { randomBytes } from 'node:crypto'
import { createServer, type Server, type ServerResponse } from 'node:http'

import { renderEvent } from '../src/api/render/event.ts'
import type { Uid } from '../src/model/uid.ts'
import { type DeliveryRow, listDeliveries } from '../src/storage/deliveries.ts'
import { appendEvent } from '../src/storage/events.ts'
import { openEnvelope } from '../src/storage/secrets.ts'
import { type EndpointRow, listEndpoints } from '../src/storage/webhook-endpoints.ts'
import { addEndpoint, type EndpointDeps } from '../src/webhooks/add-endpoint.ts'
import { type Deliverer, openDeliverer } from '../src/webhooks/deliverer.ts'
import { openSender, type Sender } from '../src/webhooks/send-delivery.ts'
import { tellDisabled } from '../src/webhooks/tell-disabled.ts'
import { seedCompany, testDatabase, type TestDatabase } from './database.ts'

export type Received = { path: string; headers: Record<string, string>; body: string }
type Answer = (response: ServerResponse, received: Received) => void

export const WELL: Answer = (response) => void response.writeHead(200).end()
export const answering =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(status, headers).end()

/** The networks of receivers in tests. */
export const ALLOWED = ['127.0.0.0/8']
const envelope = openEnvelope(randomBytes(32))
const noLookup = (): Promise<string[]> => Promise.resolve([])

/** A company, a receiver on loopback and a deliverer of the product, on a clock that only moves when it is told to. */
export type Kit = {
  database: TestDatabase
  companyUid: Uid
  received: Received[]
  deliverer: Deliverer
  /** What the product's own functions for endpoints take. */
  deps: EndpointDeps
  now(): Date
  forward(ms: number): void
  answer(how: Answer): void
  url(path: string): string
  add(path: string, eventTypes?: string[] | null): Promise<{ endpointUid: Uid; secret: string }>
  event(type?: string, companyUid?: Uid): Promise<Uid>
  log(): Promise<DeliveryRow[]>
  endpoint(): Promise<EndpointRow | undefined>
  openDeliverer(sender?: Sender): Deliverer
  close(): Promise<void>
}

/** Something on loopback that is told; it answers 200 until it is told otherwise. */
export type Receiver = Pick<Kit, 'received' | 'answer' | 'url' | 'close'>

export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = []
  let answer = WELL
  const receiver = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => void parts.push(part))
    request.on('end', () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
      const one = { path: request.url ?? '', headers, body: Buffer.concat(parts).toString() }
      received.push(one)
      answer(response, one)
    })
  })
  await new Promise<void>((done) => void receiver.listen(0, '127.0.0.1', done))
  return {
    received,
    answer: (how) => void (answer = how),
    url: (path) => `http://127.0.0.1:${portOf(receiver)}${path}`,
    async close() {
      receiver.closeAllConnections()
      await new Promise((done) => receiver.close(done))
    },
  }
}

export async function openKit(attemptMs = 500): Promise<Kit> {
  let ms = Date.now() // an independent receiver refuses what is old
  const now = (): Date => new Date(ms)
  const database = await testDatabase()
  const { companyUid } = await seedCompany(database.db)
  const { received, answer, url, close } = await openReceiver()
  const open = (sender = openSender(ALLOWED, noLookup, attemptMs)): Deliverer =>
    openDeliverer({
      ...{ db: database.db, envelope, now, random: () => 0, render: renderEvent, sender },
      tellDisabled: (tx, endpoint) => tellDisabled(tx, endpoint, now()),
      every: () => () => undefined,
      log: () => undefined,
    })
  const deliverer = open()
  const added: EndpointDeps = {
    db: database.db,
    envelope,
    allowed: ALLOWED,
    lookup: noLookup,
    random: randomBytes,
    now,
  }
  return {
    ...{ database, companyUid, received, deliverer, now, url, answer, openDeliverer: open, deps: added },
    forward: (more) => void (ms += more),
    add: async (path, eventTypes = null) =>
      await addEndpoint(added, companyUid, { url: url(path), description: '', eventTypes }),
    event: async (type = 'meter_bills_added', of = companyUid) =>
      await database.db.company(of, (tx) => appendEvent(tx, { type, companyUid: of, now: now() })),
    log: async () => await database.db.company(companyUid, (tx) => listDeliveries(tx, { limit: 1000 })),
    endpoint: async () => (await database.db.company(companyUid, (tx) => listEndpoints(tx)))[0],
    async close() {
      await deliverer.close()
      await close()
      await database.close()
    },
  }
}

export function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}
