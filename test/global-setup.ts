import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { openEmbedded } from '../src/storage/embedded-postgres.ts'
import { dropTestDatabases } from './database.ts'

/**
 * One folder per test run, for the embedded PostgreSQL that test/database.ts starts when the first test wants a database
 * and that the workers share. A run that wants none pays nothing.
 */
export function setup(): void {
  const home = mkdtempSync(path.join(os.tmpdir(), 'gbp-test-'))
  chmodSync(home, 0o711) // as root, the server's user passes through
  process.env['GBP_TEST_HOME'] = home
}

export async function teardown(): Promise<void> {
  const home = process.env['GBP_TEST_HOME']
  if (!home) return
  if (process.env['TEST_DATABASE_URL']) await dropTestDatabases(process.env['TEST_DATABASE_URL'])
  // The workers are gone and the server lives on: the last of us to close stops it.
  else if (existsSync(path.join(home, 'postgres'))) await (await openEmbedded({ dataDir: home })).close()
  rmSync(home, { recursive: true, force: true })
}
