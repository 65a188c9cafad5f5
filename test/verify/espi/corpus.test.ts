import { afterAll, describe, expect, it } from 'vitest'

import { sized } from '../size.ts'
import { checkDocument } from './check-document.ts'
import { GROUPS } from './groups.ts'

/** Documents of each class. */
const EACH = sized(10, 1)

const NONE = { classes: 0, documents: 0, accepted: 0, warning: 0, quarantined: 0, rejected: 0 }
const KEYS = ['classes', 'documents', 'accepted', 'warning', 'quarantined', 'rejected'] as const
const rows: Record<string, typeof NONE> = {}
const all = Object.values(GROUPS).flat()

describe.each(Object.entries(GROUPS))('%s', (group, classes) => {
  const row = (rows[group] = { ...NONE })

  it.each(classes.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    row.classes++
    const complaints: string[] = []
    for (let n = 0; n < EACH; n++) {
      const checked = await checkDocument(one, n)
      complaints.push(...checked.complaints)
      row.documents++
      row[checked.outcome.is]++
    }
    expect(complaints).toEqual([])
  })
})

it('there are at least 120 classes, each with a name of its own', () => {
  expect(all.length).toBeGreaterThanOrEqual(120)
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
})

afterAll(() => {
  const total = { ...NONE }
  for (const row of Object.values(rows)) for (const key of KEYS) total[key] += row[key]
  console.table({ ...rows, all: total })
  console.log('Judged differently by saxes, on purpose:')
  for (const { name, saxes } of all) if (saxes !== undefined) console.log(`  ${name}: ${saxes}`)
})
