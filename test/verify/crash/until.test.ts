import { expect, test } from 'vitest'

import { within } from './until.ts'

test('what never comes ends with what was waited for, and what comes is handed on', async () => {
  const never = new Promise<never>(() => undefined)
  await expect(within('a process to end', never, 0.01)).rejects.toThrow(/^waited \d+ s for: a process to end$/)
  expect(await within('a number', Promise.resolve(7))).toBe(7)
  await expect(within('an error', Promise.reject(new Error('as it was')))).rejects.toThrow('as it was')
})
