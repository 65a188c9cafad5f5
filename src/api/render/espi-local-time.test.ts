import { expect, test } from 'vitest'

import { localTimeOf } from './espi-local-time.ts'

const AT = Date.parse('2026-11-26T12:00:00Z') / 1000

test.each([
  ['America/Los_Angeles', '360E2000', 'B40E2000', 3600, -28_800],
  ['America/New_York', '360E2000', 'B40E2000', 3600, -18_000],
  ['Europe/Berlin', '3E0E2000', 'AE0E3000', 3600, 3600],
  ['Australia/Lord_Howe', 'A40E2000', '440E2000', 1800, 37_800],
  ['America/Phoenix', '00000000', '00000000', 0, -25_200],
  ['Asia/Kolkata', '00000000', '00000000', 0, 19_800],
])('%s has its rules in the bits of ESPI', (zone, dstStartRule, dstEndRule, dstOffset, tzOffset) => {
  expect(localTimeOf(zone, AT)).toMatchObject({ dstStartRule, dstEndRule, dstOffset, tzOffset })
})
