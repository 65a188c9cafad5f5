import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{src,simulators,test,bench}/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
