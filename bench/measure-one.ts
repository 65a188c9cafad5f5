import { EXTRACTORS, type Extractor, type Found } from './extractors.ts'

/** Run in a process of its own: `measure-one.ts EXTRACTOR FILE TIMES`; prints one line of JSON. */
export type Measured = {
  /** Of the first pass, in a fresh process, with the code loaded but never run; then the mean pass of each group. */
  seconds: number[]
  /** Until the code was loaded. */
  loadSeconds: number
  peakMemoryMb: number
  found: Found | null
}

const [name = '', file = '', times = '1'] = process.argv.slice(2)
const load = new Map<string, () => Promise<Extractor>>(Object.entries(EXTRACTORS)).get(name)
if (load === undefined) throw new Error(`no extractor ${name}`)
const began = process.hrtime.bigint()
const extract = await load()
const loadSeconds = Number(process.hrtime.bigint() - began) / 1e9
/** The clock of a thread goes in steps of about 4 ms: short passes are measured many on end. */
const GROUP_SECONDS = 0.1
const first = await extract(file)
const seconds = [first.seconds]
for (let i = 1; i < Number(times); i++) {
  let sum = 0
  let count = 0
  for (; sum < GROUP_SECONDS; count++) sum += (await extract(file)).seconds
  seconds.push(sum / count)
}
const measured: Measured = {
  seconds,
  loadSeconds,
  peakMemoryMb: process.resourceUsage().maxRSS / 1000,
  found: first.found,
}
console.log(JSON.stringify(measured))
