import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { expect, it } from 'vitest'
import { z } from 'zod'

import { sized } from '../size.ts'

/** Of the sample, too, half is read after memory has settled. */
const DOCUMENTS = sized(1_000_000, 48_000)
const PROCESSES = 2
/** For feeds of a few kilobytes: the program itself takes most of it. */
const HEAP_MB = 160
/** What the resident memory may grow by from the middle of a run to its end, and what it may be at most. */
const GROWTH_MB = 40
const MOST_MB = 600

const WORKER = path.join(import.meta.dirname, 'fuzz-worker.ts')

type Run = { reports: Progress[]; code: number | null; said: string }

async function run(from: number, count: number): Promise<Run> {
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MB}`, WORKER, String(from), String(count)])
  const reports: Progress[] = []
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  createInterface({ input: child.stdout }).on('line', (line) => reports.push(progress.parse(JSON.parse(line))))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  if (code !== 0) {
    const seed = /[Ss]eed (\d+)/.exec(said)?.[1]
    const first = from + (reports.at(-1)?.done ?? 0)
    const again = seed === undefined ? `${first} 2000` : `${seed} 1`
    said += `\nRun it again: node run.cjs test/verify/espi/fuzz-worker.ts ${again}`
  }
  return { reports, code, said }
}

const progress = z.object({
  done: z.number(),
  rss: z.number(),
  endings: z.record(z.string(), z.number()),
  compared: z.number(),
})
type Progress = z.infer<typeof progress>

it(`${DOCUMENTS} damaged documents end in acceptance or a refusal, without a crash, a hang, or growing memory`, async () => {
  const each = DOCUMENTS / PROCESSES
  const runs = await Promise.all(Array.from({ length: PROCESSES }, (_, i) => run(i * each, each)))
  const endings: Record<string, number> = {}
  let compared = 0
  for (const { reports, code, said } of runs) {
    expect(said).toBe('')
    expect(code).toBe(0)
    const last = reports.at(-1)
    compared += last?.compared ?? 0
    for (const [name, count] of Object.entries(last?.endings ?? {})) endings[name] = (endings[name] ?? 0) + count
    // Buffers outside the heap take some ten thousand documents to settle: the first half of each process has more.
    const settled = Math.max(...reports.slice(0, Math.ceil(reports.length / 2)).map(({ rss }) => rss))
    const peak = Math.max(...reports.map(({ rss }) => rss))
    console.log(`resident memory: ${mb(reports[0]?.rss)} MB first, ${mb(last?.rss)} MB last, ${mb(peak)} MB at most`)
    expect(mb(last?.rss) - mb(settled)).toBeLessThan(GROWTH_MB)
    expect(mb(peak)).toBeLessThan(MOST_MB)
  }
  console.table(Object.fromEntries(Object.entries(endings).sort(([, a], [, b]) => b - a)))
  console.log(`${compared} of them compared with saxes`)
  expect(Object.values(endings).reduce((sum, count) => sum + count, 0)).toBe(DOCUMENTS)
  expect(endings['accepted']).toBeGreaterThan(DOCUMENTS / 50)
})

const mb = (bytes: number | undefined): number => Math.round((bytes ?? NaN) / 1e6)
