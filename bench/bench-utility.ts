import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'

import { seedAuthorization } from '../test/database.ts'
import { collectWindow, type CollectDeps } from '../src/collection/collect-window.ts'
import { type Collector, openCollector } from '../src/collection/collector.ts'
import type { Commit } from '../src/collection/group-commit.ts'
import type { Uid } from '../src/model/uid.ts'
import { getGranted } from '../src/storage/authorizations.ts'
import { openEnvelope } from '../src/storage/secrets.ts'
import { findCandidates, leaseWindow, oweWindows, PRIORITY } from '../src/storage/windows.ts'
import { openConnections } from '../src/utilities/connections.ts'
import { sealSecrets } from '../src/utilities/registration.ts'
import type { FeedSize } from './generated-feeds.ts'
import { type BenchDatabase, HISTORY } from './temporary-database.ts'

export type BenchUtility = Awaited<ReturnType<typeof openBenchUtility>>

const EVERYTHING = { product: 'usage', resource: '', from: 1_700_000_000, to: 1_800_000_000 }

/** A utility that answers every request with one body, from a process of its own, and a collector for it. */
export async function openBenchUtility(database: BenchDatabase) {
  const { db, seed } = database
  const server = fork(path.join(import.meta.dirname, 'serve-body.ts'), { serialization: 'advanced' })
  const ended = new AbortController()
  server.once('exit', (code) => ended.abort(new Error(`the process that serves bodies ended with ${code}`)))
  const answer = async (): Promise<unknown> => (await once(server, 'message', { signal: ended.signal }))[0]
  const port = await answer()
  const envelope = openEnvelope(randomBytes(32))
  const secrets = {
    clientSecret: 'secret',
    registrationAccessToken: null,
    certificate: null,
    key: null,
    ca: null,
  }
  const sealed = sealSecrets({ registrationUid: seed.registrationUid, companyUid: null }, secrets, envelope)
  await database.admin('update registrations set secrets = $2, addresses = $3 where registration_uid = $1', [
    seed.registrationUid,
    sealed,
    JSON.stringify({ resourceBase: `http://127.0.0.1:${String(port)}/espi/1_1/resource` }),
  ])
  const connections = openConnections({ db, envelope })
  const deps: Omit<CollectDeps, 'connection' | 'granted' | 'admit' | 'commit'> = {
    db,
    envelope,
    now: () => new Date(),
    // Tokens have a benchmark of their own; here they are always fresh.
    tokens: {
      clientToken: async () => 'token',
      withAccessToken: (_authorizationUid, use) => use('token'),
      withClientToken: (_registrationUid, use) => use('token'),
      checkAtUtility: async () => false,
    },
  }
  return {
    /** A body, or the size of one to be made. */
    async serve(body: Buffer | FeedSize): Promise<void> {
      server.send(body instanceof Uint8Array ? gzipSync(body) : body)
      await answer()
    },
    async authorize(): Promise<Uid> {
      const uid = await seedAuthorization(db, seed, HISTORY)
      await database.admin(`update authorizations set subscription = '1' where authorization_uid = $1`, [uid])
      return uid
    },
    /** Owes, leases and collects one window of everything. */
    async collect(authorizationUid: Uid): Promise<void> {
      const now = new Date()
      const key = { ...EVERYTHING, priority: PRIORITY.present }
      const until = new Date(now.getTime() + 600_000)
      await db.operator((tx) => oweWindows(tx, authorizationUid, [key], { now, again: true }))
      const due = await db.operator((tx) => findCandidates(tx, { now: until, limit: 1000 }))
      const owed = due.find((window) => window.authorizationUid === authorizationUid)
      if (!owed) throw new Error('nothing is owed')
      const lease = await db.operator((tx) => leaseWindow(tx, authorizationUid, owed, { owner: 'bench', until, now }))
      if (!lease) throw new Error('no lease')
      const connection = await connections.of(seed.registrationUid)
      const admit = (): Promise<void> => Promise.resolve()
      const commit: Commit = (_uid, work) => db.operator(work)
      const granted = await db.operator((tx) => getGranted(tx, authorizationUid))
      await collectWindow({ ...deps, connection, granted, admit, commit }, owed, lease, new AbortController().signal)
    },
    /** Owes each one window of everything. */
    async owe(authorizationUids: readonly Uid[]): Promise<void> {
      const now = new Date()
      for (const uid of authorizationUids)
        await db.operator((tx) =>
          oweWindows(tx, uid, [{ ...EVERYTHING, priority: PRIORITY.fresh }], { now, again: true }),
        )
    },
    /** The worker of a process, that looks only when told to. */
    collector(lanes: number): Collector {
      return openCollector({
        ...deps,
        ...{
          connections,
          owner: 'bench',
          lanes,
          random: Math.random,
          elapsedMs: () => performance.now(),
          wait: (ms) => sleep(ms),
        },
        every: () => () => undefined,
        log: (fields, message) => console.log(message, fields),
      })
    },
    async close(): Promise<void> {
      await connections.close()
      server.disconnect()
    },
  }
}
