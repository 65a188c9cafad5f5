import { spawnSync } from 'node:child_process'

import { startPostgres15 } from './postgres-15.ts'

/**
 * Runs the tests that touch a database on PostgreSQL 15, the oldest major we support: starts a server of its own and hands
 * its address to the tests as TEST_DATABASE_URL.
 */
const { address, stop } = await startPostgres15()
let status = 1
try {
  const tests = process.argv.slice(2)
  const folders =
    tests.length > 0
      ? tests
      : ['src/storage', 'src/jobs', 'src/authorization', 'src/collection', 'src/webhooks', 'src/api', 'test/flows']
  const child = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--exclude', '**/*.browser.test.ts', ...folders],
    {
      stdio: 'inherit',
      env: { ...process.env, TEST_DATABASE_URL: address },
    },
  )
  status = child.status ?? 1
} finally {
  await stop()
}
console.log(status === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed')
process.exit(status)
