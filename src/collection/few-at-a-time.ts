/**
 * Places for what takes much memory, `most` at a time, given in the order in which they are asked for. Returns what waits for
 * one; it resolves to what gives it back. Rejects when the signal aborts before.
 */
export function fewAtATime(most: number): (signal: AbortSignal) => Promise<() => void> {
  const waiting: (() => void)[] = []
  let free = most
  const giveBack = (): void => {
    const next = waiting.shift()
    if (next) next()
    else free++
  }
  return async (signal) => {
    signal.throwIfAborted()
    if (free > 0) free--
    else {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(resolve), 1)
        reject(signal.reason)
      }
      waiting.push(resolve)
      signal.addEventListener('abort', giveUp, { once: true })
      await promise
      signal.removeEventListener('abort', giveUp)
    }
    return giveBack
  }
}
