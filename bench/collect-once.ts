import { existsSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

import { openBenchUtility } from './bench-utility.ts'
import { withDatabase } from './temporary-database.ts'

/**
 * `collect-once.ts DAYS`: collects one feed of 20 usage points in a process that holds nothing else, after a small one that has
 * all code loaded. Prints as JSON how far its memory grew, in bytes, and how long other work had to wait for its turn at most.
 */
const days = Number(process.argv[2])
await withDatabase(async (database) => {
  const utility = await openBenchUtility(database)
  try {
    await utility.serve({ points: 1, days: 20 })
    await utility.collect(await utility.authorize())
    await utility.serve({ points: 20, days })
    const authorizationUid = await utility.authorize()
    const before = process.memoryUsage.rss()
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const began = performance.now()
    await utility.collect(authorizationUid)
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
