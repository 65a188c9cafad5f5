import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { z } from 'zod'

const info = z.object({
  utility: z.string(),
  pages: z.url(),
  api: z.url(),
  ca: z.string().nullable(),
  admin: z.url(),
  registration: z.object({
    clientId: z.string(),
    clientSecret: z.string(),
    bulkId: z.string(),
    registrationAccessToken: z.string(),
    applicationInformationId: z.string(),
    certificate: z.string().nullable(),
    key: z.string().nullable(),
  }),
  customers: z.array(
    z.object({ login: z.string(), password: z.string(), name: z.string(), email: z.string(), about: z.string() }),
  ),
})
const ready = z.object({ pge: info, sce: info, demo: info })

/** What a simulated utility says of itself when it is up: addresses, our registration there, its customers. */
export type SimulatedUtility = z.infer<typeof info>
export type SimulatorsProcess = { utilities: Record<'pge' | 'sce' | 'demo', SimulatedUtility>; close(): Promise<void> }

const program = path.resolve(import.meta.dirname, '../../simulators/main.ts')

/**
 * Starts the simulated utilities as a program of their own (they share no code with us). They end when we do, however that
 * happens.
 * Throws with their own sentence when they cannot start, for example because a port is taken.
 */
export async function startSimulatorsProcess(args: readonly string[]): Promise<SimulatorsProcess> {
  const child = spawn(process.execPath, [program, '--until-stdin-ends', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-4000)
  })
  const lines = createInterface({ input: child.stdout })
  const first = new Promise<string>((resolve) => lines.once('line', resolve))
  const line = await Promise.race([first, ended.then(() => null)])
  if (line === null) throw new Error(`The simulated utilities did not start. ${complaint.trim()}`)

  return {
    utilities: ready.parse(JSON.parse(line)),
    async close() {
      if (child.exitCode === null) child.kill('SIGTERM')
      await ended
    },
  }
}

/** Tells a simulated utility where we are: as its portal does when a third party registers. */
export async function registerAtSimulator(
  utility: SimulatedUtility,
  addresses: { redirectUri: string; notificationUri: string; portalUri: string },
): Promise<void> {
  const response = await fetch(`${utility.admin}/_admin/third-party`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(addresses),
  })
  if (!response.ok)
    throw new Error(`${utility.utility} (simulated) refused our addresses: ${response.status} ${await response.text()}`)
}
