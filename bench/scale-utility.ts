import { fork } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import { gzipSync } from 'node:zlib'

import { generateFeed } from './generated-feeds.ts'

/** So many customers are in one file. */
export const CUSTOMERS_A_FILE = 100
/** The first file of a customer brings two days, the next one the day after. */
export type FileDay = 'first' | 'next'
const DATES: Record<FileDay, string> = { first: '20250103', next: '20250104' }

/** The utility's id of the n-th customer, in files and in our rows. */
export const customerId = (n: number): string => `C${String(n).padStart(8, '0')}`
/** The name of the n-th file of a day, as SCE names its files. */
export const fileName = (day: FileDay, n: number): string => `SCALE_REVQ_${DATES[day]}_000000_${n}.XML`

export type ScaleUtility = {
  /** Where its resources lie. */
  base: string
  /** Files asked for so far. */
  requests(): Promise<number>
  close(): void
}

/**
 * A utility in a process of its own, so that its work is not counted as ours: bulk files by name, made when asked for, so that
 * any number of customers costs it nothing.
 */
export async function startScaleUtility(): Promise<ScaleUtility> {
  const child = fork(import.meta.filename, ['serve'])
  const [port] = await once(child, 'message')
  const origin = `http://127.0.0.1:${Number(port)}`
  return {
    base: `${origin}/espi/1_1/resource`,
    async requests() {
      return Number(await (await fetch(`${origin}/requests`)).text())
    },
    close: () => void child.kill(),
  }
}

async function serve(): Promise<void> {
  const entries = { first: entriesOf('first'), next: entriesOf('next') }
  let requests = 0
  const server = http.createServer(({ url = '' }, response) => {
    const [, date, n] = /_([0-9]{8})_[0-9]{6}_([0-9]+)\.XML$/.exec(url) ?? []
    if (n === undefined) {
      response.end(String(requests))
      return
    }
    requests++
    const day = date === DATES.first ? 'first' : 'next'
    response.writeHead(200, { 'content-type': 'application/atom+xml', 'content-encoding': 'gzip' })
    response.end(gzipSync(fileOf(entries[day], Number(n)), { level: 1 }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  process.send?.(typeof address === 'object' ? address?.port : null)
  process.once('disconnect', () => process.exit())
}

type Entries = { head: string; customer: string; tail: string }

/** What the file says of one customer, with marks in the place of ids. */
function entriesOf(day: FileDay): Entries {
  const feed = [...generateFeed('sce', { points: 1, days: day === 'first' ? 2 : 3 })].join('')
  const [head = '', ...entries] = feed
    .replaceAll('Subscription/1/UsagePoint/1000000', 'RetailCustomer/@/UsagePoint/@')
    .split('  <entry>')
  const blocks = entries.flatMap((entry, at) => (entry.includes('<IntervalBlock ') ? [at] : []))
  const skipped = new Set(day === 'first' ? [] : blocks.slice(0, -1))
  const kept = entries.filter((_entry, at) => !skipped.has(at)).map((entry) => entry.replace('</feed>\n', ''))
  return { head, customer: kept.map((entry) => `  <entry>${entry}`).join(''), tail: '</feed>\n' }
}

function fileOf({ head, customer, tail }: Entries, n: number): Buffer {
  const ids = Array.from({ length: CUSTOMERS_A_FILE }, (_, at) => customerId(n * CUSTOMERS_A_FILE + at))
  return Buffer.from(head + ids.map((id) => customer.replaceAll('@', id)).join('') + tail)
}

if (process.argv[2] === 'serve' && process.argv[1] === import.meta.filename) await serve()
