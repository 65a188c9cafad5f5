import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'

/**
 * `npm run verify -- SUITE... [--sample]`: the suites that take longer than `npm test` may. A suite is a folder of
 * test/verify; `all` is every one. `--sample` runs the part that CI runs (`sized` in test/verify/size.ts says how much).
 */
const known = readdirSync(path.join(import.meta.dirname, 'verify'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)

const args = process.argv.slice(2)
const sample = args.includes('--sample')
const asked = args.filter((arg) => !arg.startsWith('--'))
const suites = asked.includes('all') ? known : asked
const unknown = suites.filter((suite) => !known.includes(suite))
if (suites.length === 0 || unknown.length > 0) {
  console.error(`Usage: npm run verify -- SUITE... [--sample]; suites: ${known.join(', ')}, all`)
  process.exit(2)
}

const failed: string[] = []
for (const suite of suites) {
  console.log(`\n== ${suite}${sample ? ', a sample' : ''}`)
  const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run'], {
    stdio: 'inherit',
    env: { ...process.env, VERIFY_SUITE: suite, VERIFY_SAMPLE: sample ? '1' : '' },
  })
  if (status !== 0) failed.push(suite)
}
if (failed.length > 0) console.log(`Failed: ${failed.join(', ')}`)
console.log(`${suites.length - failed.length} passed, ${failed.length} failed`)
process.exit(failed.length === 0 ? 0 : 1)
