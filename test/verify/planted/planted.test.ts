import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { sized } from '../size.ts'
import { FAULTS } from './faults.ts'

/*
 * Whether the simulation can fail at all: each fault is planted in a copy of the code, where one of the first seeds must find it.
 */

const ROOT = path.resolve(import.meta.dirname, '../../..')
const SEEDS = 120

let copy: string
beforeAll(() => {
  copy = mkdtempSync(path.join(tmpdir(), 'gbp-planted-'))
  for (const name of ['src', 'simulators', 'test', 'package.json', 'vitest.config.ts'])
    cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true })
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'))
})
afterAll(() => rmSync(copy, { recursive: true, force: true }))

/** The suite in the copy, to the first seed that fails. Returns that seed, null when none did, and what was printed. */
async function simulate(): Promise<{ seed: number | null; printed: string }> {
  const env = { ...process.env, VERIFY_SUITE: 'simulate', SIMULATE_COUNT: String(SEEDS), SIMULATE_STOP: '1' }
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--bail', '1'], { cwd: copy, env })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  await new Promise((resolve) => child.once('close', resolve))
  const seed = /^seed (\d+), to replay/m.exec(printed)?.[1]
  return { seed: seed === undefined ? null : Number(seed), printed }
}

it.each(FAULTS.slice(0, sized(FAULTS.length, 1)))('$name: a seed finds it', async ({ name, edits }) => {
  const before = new Map<string, string>()
  for (const { file, from, to } of edits) {
    const at = path.join(copy, file)
    const text = readFileSync(at, 'utf8')
    if (!before.has(at)) before.set(at, text)
    expect(text.split(from), `${file} has the place once`).toHaveLength(2)
    writeFileSync(
      at,
      text.replace(from, () => to),
    )
  }
  const { seed, printed } = await simulate()
  for (const [at, text] of before) writeFileSync(at, text)
  if (seed === null) throw new Error(`no seed found it: ${printed.slice(-3000)}`)
  console.log(`${name}: seed ${seed}`)
})
