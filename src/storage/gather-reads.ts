import type { Read } from './read-trip.ts'

/** Trips under way at a time: what comes meanwhile leaves with the next one. */
const LANES = 4
/** Reads of one trip. */
const MOST = 32

type Send = (reads: readonly Read<unknown>[]) => Promise<void>
type Waiting = { read: Read<unknown>; resolve: () => void; reject: (error: unknown) => void }

/**
 * Sends small reads together: those of one turn of the event loop, and those that came while all lanes were out. Waking the
 * database for each of them would cost more than finding a row does. Returns what sends one read; it resolves when its rows are there.
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
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    queue.push({ read, resolve, reject })
    if (!isDue) setImmediate(leave)
    isDue = true
    await promise
  }
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
