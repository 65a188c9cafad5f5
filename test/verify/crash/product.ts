import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'

import { until } from './until.ts'

const program = path.join(import.meta.dirname, 'product-process.ts')
/** What the checklist allows from a start to being ready. */
const READY_SECONDS = 30

/** A process of the product that a test may kill. */
export type Product = {
  pid: number
  /** From the start of the process until it served, in milliseconds. */
  readyMs: number
  /** Everything it has printed. */
  printed(): string
  /** Sets how far its clock is ahead. */
  ahead(ms: number): void
  signal(signal: NodeJS.Signals): void
  /** Resolves with exit code, or the name of the signal that ended it. */
  ended: Promise<number | string>
}

/** A process of the product, whether or not it is ready. */
export type Spawned = { child: ChildProcess; printed: () => string; ended: Product['ended'] }

/**
 * Starts the product and waits until it is ready. Throws what it printed when it is not within 30 s. spare: a process that
 * has loaded the program and opened nothing yet, to which `env` is told.
 */
export async function startProduct(env: Record<string, string>, spare?: Spawned): Promise<Product> {
  const began = performance.now()
  if (spare) spare.child.send({ aheadMs: Number(env['CRASH_AHEAD_MS']), roles: env['CRASH_ROLES'] })
  const { child, printed, ended } = spare ?? spawnProduct(env)
  const isReady = async (): Promise<true | null> => {
    if (child.exitCode !== null) throw new Error(`the product ended with ${child.exitCode}: ${printed()}`)
    return printed().includes('ready\n') ? true : null
  }
  await until('the product to be ready', isReady, READY_SECONDS).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw new Error(`the product is not ready: ${printed()}`, { cause: error })
  })
  return {
    pid: child.pid ?? 0,
    readyMs: performance.now() - began,
    printed,
    ahead: (aheadMs) => void child.send({ aheadMs }),
    signal: (signal) => void child.kill(signal),
    ended,
  }
}

/** Starts the product without waiting; with CRASH_SPARE it waits, to be given to `startProduct`. */
export function spawnProduct(env: Record<string, string>): Spawned {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'))
  })
  return { child, printed: () => text, ended }
}
