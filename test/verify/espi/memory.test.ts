import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

import { expect, it } from 'vitest'
import { z } from 'zod'

import { sized } from '../size.ts'

const run = promisify(execFile)
const WORKER = path.join(import.meta.dirname, 'memory-worker.ts')
const MEGABYTES = sized(200, 20)

const measured = z.object({
  bytes: z.number(),
  readings: z.number(),
  before: z.number(),
  peak: z.number(),
  seconds: z.number(),
})
type Taken = z.infer<typeof measured>

async function measure(how: 'whole' | 'streamed', megabytes: number): Promise<Taken> {
  const { stdout } = await run(process.execPath, ['--max-old-space-size=512', WORKER, how, String(megabytes)])
  const taken = measured.parse(JSON.parse(stdout))
  console.log(
    `${how}, ${mb(taken.bytes)} MB, ${taken.readings} readings: ${mb(taken.before)} MB before, ${mb(taken.peak)} MB at most, ${taken.seconds.toFixed(1)} s`,
  )
  return taken
}

const mb = (bytes: number): number => Math.round(bytes / 1e6)

it('a feed that is streamed takes memory that does not grow with it', async () => {
  const { peak, readings } = await measure('streamed', MEGABYTES)
  expect(readings).toBeGreaterThan(MEGABYTES * 3000)
  expect(mb(peak)).toBeLessThan(200)
})

it('a feed that is decoded whole takes little more than itself', async () => {
  const { peak, bytes, readings } = await measure('whole', MEGABYTES)
  expect(readings).toBeGreaterThan(MEGABYTES * 3000)
  expect(mb(peak)).toBeLessThan(200 + 2.2 * mb(bytes))
})
