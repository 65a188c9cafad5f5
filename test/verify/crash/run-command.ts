import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'

const program = path.join(import.meta.dirname, '../../../src/cli/main.ts')

/** A command of the product in a process of its own; its exit code, null when it was killed. */
export function runCommand(
  env: Record<string, string>,
  ...args: string[]
): { child: ChildProcess; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...env }, stdio: 'ignore' })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { child, ended }
}
