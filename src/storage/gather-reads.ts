import type { Read } from './read-trip.ts'

/** Trips under way at a time: what comes meanwhile leaves with the next one. With 4 a read cost the database a tenth more. */
const LANES = 2
/** Reads of one trip. */
const MOST = 32

type Send = (reads: readonly Read<unknown>[]) => Promise<void>
type Waiting = { read: Read<unknown>; done: Promise<void>; resolve: () => void; reject: (error: unknown) => void }

/**
 * Sends small reads together: those of one turn of the event loop, and those that came while all lanes were out. Waking the
 * database for each of them would cost more than finding a row does. What is asked twice before it leaves is found once: most often
 * the token of a program with many requests. Returns what sends one read; it resolves when its rows are there.
 */
export function openGathering(send: Send): (read: Read<unknown>) => Promise<void> {
  const queue: Waiting[] = []
  let lanes = 0
  let isDue = false

  function leave(): void {
    isDue = false
    while (queue.length > 0 && lanes < LANES) {
      lanes++
      void sendAll(send, byRole(queue.splice(0, MOST))).finally(() => {
        lanes--
        leave()
      })
    }
  }

  return async (read) => {
    const twin = queue.find((each) => areEqual(each.read, read))
    if (twin) {
      await twin.done
      read.rows.push(...twin.read.rows)
      return
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    queue.push({ read, done: promise, resolve, reject })
    if (!isDue) setImmediate(leave)
    isDue = true
    await promise
  }
}

/** Whether two reads are sure to find the same, as one snapshot serves both. Lists and moments are not compared. */
function areEqual(a: Read<unknown>, b: Read<unknown>): boolean {
  if (a.statement.name !== b.statement.name || a.as.role !== b.as.role || a.as.setting !== b.as.setting) return false
  return a.statement.values.every((value, at) => {
    const other = b.statement.values[at]
    if (value instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(value, other) === 0
    return value === other
  })
}

/** Never rejects. An error ends all reads of a trip, so each is then sent alone, and the one at fault gets its error. */
async function sendAll(send: Send, waiting: readonly Waiting[]): Promise<void> {
  try {
    await send(waiting.map(({ read }) => read))
    for (const { resolve } of waiting) resolve()
  } catch (error) {
    const [only] = waiting
    if (only && waiting.length === 1) return only.reject(error)
    for (const each of waiting) {
      each.read.rows.length = 0
      await sendAll(send, [each])
    }
  }
}

/** Reads of one role beside each other, so that they share a transaction. */
function byRole(waiting: readonly Waiting[]): Waiting[] {
  return [...Map.groupBy(waiting, ({ read: { as } }) => as.setting ?? as.role).values()].flat()
}
