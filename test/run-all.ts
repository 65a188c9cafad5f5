import { spawnSync } from 'node:child_process'

/**
 * `npm test`: everything that proves the product, cheapest first. Stops at the first thing that fails.
 * The test runner prints how many tests ran; the line `N passed, N failed` counts these steps.
 */
const steps: [name: string, ...command: string[]][] = [
  ['format', 'node_modules/oxfmt/bin/oxfmt', '--check', '.'],
  ['lint', 'node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
  ['types', 'node_modules/typescript-native/bin/tsc', '-p', '.'],
  ['dead code', 'node_modules/knip/bin/knip.js', '--no-progress'],
  ['tests', 'node_modules/vitest/vitest.mjs', 'run'],
]

let passed = 0
for (const [name, ...command] of steps) {
  console.log(`\n== ${name}`)
  const began = performance.now()
  const { status } = spawnSync(process.execPath, command, { stdio: 'inherit' })
  if (status !== 0) {
    console.error(`\n${name} failed. Format can be mended by: npm run format`)
    console.log(`${passed} passed, 1 failed`)
    process.exit(1)
  }
  passed++
  console.log(`== ${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`)
}
console.log(`${passed} passed, 0 failed`)
