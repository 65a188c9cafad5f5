import { expect, test } from 'vitest'

import { openGathering } from './gather-reads.ts'
import type { Read, ReadRole } from './read-trip.ts'
import type { Value } from './wire.ts'

const OPERATOR: ReadRole = { role: 'gbp_operator', setting: null }
const companyOf = (uid: string): ReadRole => ({ role: 'gbp_company', setting: `company ${uid}` })

const readOf = (name: string, values: readonly Value[], as = OPERATOR): Read<unknown> => ({
  as,
  statement: { name, text: name, values, isLong: false },
  rows: [],
})

/** What leaves together; each read finds its place in the trip. */
function recorder(fails: (read: Read<unknown>) => boolean = () => false) {
  const trips: string[][] = []
  const together = openGathering(async (reads) => {
    trips.push(reads.map(({ as, statement }) => `${as.setting ?? as.role}: ${statement.name}`))
    for (const [at, read] of reads.entries()) {
      read.rows.push({ at })
      if (fails(read)) throw new Error(`${read.statement.name} fails`)
    }
    await Promise.resolve()
  })
  return { trips, together }
}

test('reads of one turn leave together, those of one role side by side', async () => {
  const { trips, together } = recorder()
  const [one, two] = [companyOf('1'), companyOf('2')]
  await Promise.all([readOf('a', [1], one), readOf('b', [1], two), readOf('c', [1], one)].map(together))
  expect(trips).toEqual([['company 1: a', 'company 1: c', 'company 2: b']])
})

test('what is asked twice before it leaves is found once, for the same role and the same values alone', async () => {
  const { trips, together } = recorder()
  const token = () => Buffer.from('hash')
  const reads = [
    readOf('token', [token()]),
    readOf('token', [token()]),
    readOf('token', [Buffer.from('other')]),
    readOf('token', [token()], companyOf('1')),
    readOf('token', [token()], companyOf('2')),
    readOf('other', [token()]),
    readOf('of a list', [['1']]),
    readOf('of a list', [['1']]),
  ]
  await Promise.all(reads.map(together))
  expect(trips.flat()).toHaveLength(7)
  expect(reads[1]?.rows).toEqual(reads[0]?.rows)
  expect(reads.every(({ rows }) => rows.length === 1)).toBe(true)
})

test('what has left is asked again: it may have seen less than is there by now', async () => {
  const { trips, together } = recorder()
  const first = together(readOf('token', [1]))
  await new Promise(setImmediate)
  await Promise.all([first, together(readOf('token', [1]))])
  expect(trips).toHaveLength(2)
})

test('who asked for what fails gets its error, all of them; the others get their rows', async () => {
  const { together } = recorder(({ statement }) => statement.name === 'bad')
  const reads = [readOf('good', [1]), readOf('bad', [1]), readOf('bad', [1])]
  const ended = await Promise.allSettled(reads.map(together))
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
  expect(reads.map(({ rows }) => rows.length)).toEqual([1, 1, 0])
})
