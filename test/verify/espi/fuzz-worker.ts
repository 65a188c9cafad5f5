import { writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'

import { fuzzOne } from './fuzz-one.ts'
import { mutatedBody } from './mutate.ts'

/**
 * `fuzz-worker.ts FROM COUNT`: takes the documents of these seeds one after another; prints a line of JSON now and then.
 * Exits with 1 and the seed at the first failure, with 2 when a document takes more than ten seconds.
 */

/** Documents between two lines. */
const BATCH = 2000

const from = Number(process.argv[2])
const count = Number(process.argv[3] ?? 1)

/** [0]: the seed at work, counted from `from`. A thread of its own kills the process when it stands still. */
const at = new Int32Array(new SharedArrayBuffer(4))
const watchdog = new Worker(
  `const { workerData: at } = require('node:worker_threads'); const { writeSync } = require('node:fs')
   let last = -1, still = 0
   setInterval(() => {
     const now = Atomics.load(at.at, 0)
     still = now === last ? still + 1 : 0
     last = now
     if (still < 10) return
     writeSync(2, 'A document hangs: seed ' + (at.from + now) + '\\n')
     process.kill(process.pid, 'SIGKILL')
   }, 1000)`,
  { eval: true, workerData: { at, from } },
)
watchdog.unref()

const endings: Record<string, number> = {}
let compared = 0
for (let i = 0; i < count; i++) {
  Atomics.store(at, 0, i)
  try {
    const ending = await fuzzOne(from + i)
    endings[ending.code] = (endings[ending.code] ?? 0) + 1
    if (ending.compared) compared++
  } catch (error) {
    const { bytes, coding } = mutatedBody(from + i)
    writeSync(2, `Seed ${from + i} failed: ${error instanceof Error ? error.stack : String(error)}\n`)
    writeSync(2, `Document (${coding ?? 'plain'}, base64): ${Buffer.from(bytes).toString('base64')}\n`)
    process.exit(1)
  }
  if ((i + 1) % BATCH === 0 || i + 1 === count) {
    writeSync(1, `${JSON.stringify({ done: i + 1, rss: process.memoryUsage.rss(), endings, compared })}\n`)
  }
}
await watchdog.terminate()
