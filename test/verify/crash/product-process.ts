import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'

import { z } from 'zod'

import { startApp } from '../../../src/app.ts'
import { openStore } from '../../../src/open-store.ts'
import { untilTold } from '../../../src/cli/until-told.ts'
import { readConfig } from '../../../src/config.ts'

/**
 * The product in a process of its own, as `gbp serve` runs it, to be killed. Two things a parent sets: how far its clock is
 * ahead (CRASH_AHEAD_MS at the start, a message later), and that what a schedule does every minute is done every half
 * second. Prints `ready` when it serves; CRASH_ROLES is `all` or `worker`. With CRASH_SPARE it starts at the first message,
 * which says both.
 */
let aheadMs = Number(process.env['CRASH_AHEAD_MS'] ?? 0)
let roles = process.env['CRASH_ROLES']
process.on('message', (message) => {
  const order = z.object({ aheadMs: z.number(), roles: z.string().optional() }).parse(message)
  aheadMs = order.aheadMs
  roles = order.roles ?? roles
})
process.once('disconnect', () => process.exit(3)) // whoever started us is gone

if (process.env['CRASH_SPARE']) await once(process, 'message')
const told = untilTold()
const store = await openStore(readConfig(process.env), () => undefined)
const app = await startApp(
  readConfig(process.env),
  store,
  { api: roles !== 'worker', worker: true, demo: null },
  { now: () => new Date(Date.now() + aheadMs) },
)
process.stdout.write('ready\n')

const stop = new AbortController()
const ticking = tick(stop.signal)
await told
stop.abort()
await ticking
await app.close()
await store.close()
process.removeAllListeners('disconnect')
if (process.connected) process.disconnect()

async function tick(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await app.tick()
    } catch (error) {
      // The database may be away for a while; the next round finds what this one did not.
      process.stderr.write(`tick: ${error instanceof Error ? error.message : 'failed'}\n`)
    }
    await setTimeout(500, undefined, { signal }).catch(() => undefined)
  }
}
