import { setImmediate as nextTurn } from 'node:timers/promises'

import type { Uid } from '../model/uid.ts'
import type { Db, Tx } from '../storage/db.ts'

/**
 * Runs a work in a transaction, which others may share. It begins by locking the row of its authorization, touches nothing of another
 * one, and may run again after a failure.
 */
export type Commit = <T>(authorizationUid: Uid, work: (tx: Tx) => Promise<T>) => Promise<T>

type Waiting = { order: bigint; run: (tx: Tx) => Promise<() => void>; reject: (error: unknown) => void }

/** Works of one transaction: what each of them has locked is locked until the last is done. */
const MOST = 64

/**
 * Group commit: what several lanes of this process have ready in one turn of the event loop, or while a transaction runs, goes
 * together into the next one. Nobody waits for others to come. Authorizations are locked in ascending order, so that the
 * transactions of two processes do not wait for each other. When one work fails nothing of its group is kept, and each runs in
 * a transaction of its own: it fails for itself alone.
 */
export function openGroupCommit(db: Db): Commit {
  const queue: Waiting[] = []
  let isRunning = false

  async function drain(): Promise<void> {
    isRunning = true
    while (queue.length > 0) {
      for (let ready = 0; ready < queue.length;) {
        ready = queue.length
        await nextTurn()
      }
      await runGroup(db, takeGroup(queue))
    }
    isRunning = false
  }

  return (authorizationUid, work) =>
    new Promise((resolve, reject) => {
      const run = async (tx: Tx): Promise<() => void> => {
        const value = await work(tx)
        return () => resolve(value)
      }
      queue.push({ order: BigInt(authorizationUid), run, reject })
      if (!isRunning) void drain()
    })
}

/**
 * Those that have waited longest, one of each authorization: two of one would read and write the same rows, and no lock
 * parts works of one transaction.
 */
function takeGroup(queue: Waiting[]): Waiting[] {
  const group = new Map<bigint, Waiting>()
  for (const one of queue.splice(0)) {
    if (group.size < MOST && !group.has(one.order)) group.set(one.order, one)
    else queue.push(one)
  }
  return [...group.values()].toSorted((a, b) => (a.order < b.order ? -1 : 1))
}

async function runGroup(db: Db, group: readonly Waiting[]): Promise<void> {
  try {
    const resolves = await db.operatorShared(group.map(({ run }) => run))
    for (const resolve of resolves) resolve()
  } catch (error) {
    if (group.length === 1) group[0]?.reject(error)
    else for (const one of group) await runGroup(db, [one])
  }
}
