import { EXTRACTORS } from './extractors.ts'

/** Run in a process of its own: `measure-one.ts EXTRACTOR FILE TIMES`; prints one line of JSON. */
export type Measured = {
  /** Of the first pass, in a fresh process, and of the fastest one. */
  firstSeconds: number
  bestSeconds: number
  peakMemoryMb: number
  found: { readings: number; value: number; start: number; duration: number } | null
}

const [name = '', file = '', times = '1'] = process.argv.slice(2)
const load = EXTRACTORS[name]
if (load === undefined) throw new Error(`no extractor ${name}`)
const extract = await load()
const passes = []
for (let i = 0; i < Number(times); i++) passes.push(await extract(file))
const measured: Measured = {
  firstSeconds: passes[0]?.seconds ?? NaN,
  bestSeconds: Math.min(...passes.map(({ seconds }) => seconds)),
  peakMemoryMb: process.resourceUsage().maxRSS / 1000,
  found: passes[0]?.found ?? null,
}
console.log(JSON.stringify(measured))
