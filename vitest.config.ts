import { defineConfig } from 'vitest/config'

/** Set by `npm run verify`: the long suites, each a folder of test/verify, are no part of `npm test`. */
const suite = process.env['VERIFY_SUITE']

export default defineConfig({
  test: {
    include: suite ? [`test/verify/${suite}/**/*.test.ts`] : ['{src,simulators,test,bench,clients}/**/*.test.ts'],
    exclude: suite ? [] : ['test/verify/**'],
    reporters: suite ? ['default', './test/verify/utilities/checklist-reporter.ts'] : ['default'],
    globalSetup: ['test/global-setup.ts'],
    testTimeout: suite ? 1_800_000 : 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    // Loading the product costs a second or two, so the files of `npm test` share a process: its modules hold no state but
    // caches, and a test that changes a profile or the environment puts it back. The long suites kill and halt: each alone.
    isolate: suite !== undefined,
  },
})
