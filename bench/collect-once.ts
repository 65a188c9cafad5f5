import { existsSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

import type { Uid } from '../src/model/uid.ts'
import { openBenchUtility } from './bench-utility.ts'
import { withDatabase } from './temporary-database.ts'

/**
 * `collect-once.ts DAYS TIMES`: collects a feed of 20 usage points in a process that holds nothing else, after a small one that
 * has all code loaded, and again for other customers. Prints as JSON how far its memory grew, in bytes, and how long other work had
 * to wait for its turn at most.
 */
const [days = 0, turns = 0] = process.argv.slice(2).map(Number)
await withDatabase(async (database) => {
  const utility = await openBenchUtility(database)
  try {
    await utility.serve({ points: 1, days: 20 })
    await utility.collect(await utility.authorize())
    await utility.serve({ points: 20, days })
    const authorizationUids: Uid[] = []
    while (authorizationUids.length < turns) authorizationUids.push(await utility.authorize())
    const before = process.memoryUsage.rss()
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const began = performance.now()
    for (const authorizationUid of authorizationUids) await utility.collect(authorizationUid)
    const ms = performance.now() - began
    delay.disable()
    console.log(JSON.stringify({ ms, grownBytes: peakBytes() - before, longestWaitMs: delay.max / 1e6 }))
  } finally {
    await utility.close()
  }
})

/** Of this program alone: to what `resourceUsage` says the process that started it adds its own peak, on Linux. */
function peakBytes(): number {
  const status = '/proc/self/status'
  const kilobytes = existsSync(status) ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8'))?.[1] : undefined
  return 1024 * (kilobytes === undefined ? process.resourceUsage().maxRSS : Number(kilobytes))
}
