import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

const program = path.resolve(import.meta.dirname, '../simulators/main.ts')

/**
 * Prints how long the simulated utilities take to start with a fleet (`--customers N`, 100,000), from the start of the
 * program to the line that says they listen, in five runs; and what they write to disk.
 */
export async function benchSimulators(args: readonly string[]): Promise<void> {
  const customers = args[args.indexOf('--customers') + 1]
  const fleet = args.includes('--customers') && customers !== undefined ? customers : '100000'
  const times: number[] = []
  const worked: number[] = []
  let bytes = 0
  for (let run = 0; run < 5; run++) {
    const state = mkdtempSync(path.join(tmpdir(), 'simulators-'))
    const { tookMs, cpuMs } = await startOnce(['--customers', fleet, '--state', state])
    times.push(tookMs)
    if (cpuMs !== null) worked.push(cpuMs)
    bytes = readdirSync(state).reduce((sum, name) => sum + statSync(path.join(state, name)).size, 0)
    rmSync(state, { recursive: true })
  }
  const sorted = [...times].sort((a, b) => a - b)
  console.log(
    `start with ${Number(fleet).toLocaleString('en')} customers at each of three utilities, certificates made anew`,
  )
  console.log(`  median ${Math.round(sorted[2] ?? 0)} ms, worst ${Math.round(sorted[4] ?? 0)} ms of 5`)
  if (worked.length > 0) console.log(`  processor time ${Math.round(Math.max(...worked))} ms at most`)
  console.log(`  on disk ${bytes.toLocaleString('en')} bytes, certificates included`)
}

async function startOnce(args: readonly string[]): Promise<{ tookMs: number; cpuMs: number | null }> {
  const began = performance.now()
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = await new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve))
  const tookMs = performance.now() - began
  const cpuMs = processorTime(child.pid)
  if (!line.startsWith('{')) throw new Error(`The simulators said ${line}`)
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
  return { tookMs, cpuMs }
}

/** What a process has used of the processors, where the kernel says it in hundredths of a second; null elsewhere. */
function processorTime(pid: number | undefined): number | null {
  if (process.platform !== 'linux' || pid === undefined) return null
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
