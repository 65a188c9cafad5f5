import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { openEmbedded } from '../src/storage/embedded-postgres.ts'
import { dropTestDatabases } from './database.ts'

const PREFIX = 'gbp-test-'
const OWNER = 'run.pid'

/**
 * One folder per test run, for the embedded PostgreSQL that test/database.ts starts when the first test wants a database
 * and that the workers share. A run that wants none pays nothing.
 */
export async function setup(): Promise<void> {
  for (const name of readdirSync(os.tmpdir())) {
    if (name.startsWith(PREFIX)) await removeLeftOver(path.join(os.tmpdir(), name))
  }
  const home = mkdtempSync(path.join(os.tmpdir(), PREFIX))
  chmodSync(home, 0o711) // as root, the server's user passes through
  writeFileSync(path.join(home, OWNER), String(process.pid))
  process.env['GBP_TEST_HOME'] = home
}

export async function teardown(): Promise<void> {
  const home = process.env['GBP_TEST_HOME']
  if (!home) return
  if (process.env['TEST_DATABASE_URL']) await dropTestDatabases(process.env['TEST_DATABASE_URL'])
  await remove(home)
}

/** The workers are gone and the server lives on: the last of us to close stops it. */
async function remove(home: string): Promise<void> {
  if (existsSync(path.join(home, 'postgres'))) await (await openEmbedded({ dataDir: home })).close()
  rmSync(home, { recursive: true, force: true })
}

/** A run that was killed leaves its server running: the next run stops it. */
async function removeLeftOver(home: string): Promise<void> {
  try {
    process.kill(Number(readFileSync(path.join(home, OWNER), 'utf8')), 0)
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ESRCH'
    if (isGone) await remove(home).catch(() => undefined)
  }
}
