import type { UtilitySlug } from '../../running-app.ts'
import type { Bench } from './bench.ts'
import type { Customer } from './customer.ts'
import { committed, type Halt, inTransaction } from './halts.ts'
import { expectNothingKept, expectUtilityTold } from './ends.ts'

/** What somebody does once all data are there, and dies under it; `again` is what they do when they got no answer. */
export type LaterPoint = {
  no: number
  name: string
  utility: UtilitySlug
  halt: (bench: Bench) => Halt
  act: (bench: Bench, customer: Customer, uid: string) => Promise<unknown>
  check: (bench: Bench, uid: string) => Promise<void>
}

const revoke = async (bench: Bench, _: Customer, uid: string): Promise<unknown> =>
  await bench.api(`/authorizations/${uid}/revoke`, { method: 'POST' })

/** The customer's own button, on the page of the receipt. */
const remove = async (_bench: Bench, { browser, receipt }: Customer): Promise<unknown> => {
  const page = receipt()
  if (page === null) throw new Error('no receipt')
  const asked = await browser.open(`${page.url.replace(/\?.*$/, '')}/revoke`)
  const hasEnded = !asked.url.includes('/revoke')
  return hasEnded ? asked : await browser.submit(asked, /stop sharing/i)
}

const revoked = `new.state = 'revoked' and old.state <> 'revoked'`
const told = 'new.utility_told is not null and old.utility_told is null'

/** Places after the collection: ends and deletions. */
export const LATER_POINTS: readonly LaterPoint[] = [
  {
    ...{
      no: 29,
      name: 'revocation committed, utility not told',
      utility: 'demo',
      act: revoke,
      check: expectUtilityTold,
    },
    halt: ({ database }) => committed(database, { table: 'authorizations', on: 'update', when: revoked }),
  },
  {
    ...{ no: 30, name: 'utility told, not noted', utility: 'demo', act: revoke, check: expectUtilityTold },
    halt: ({ database }) => inTransaction(database, { table: 'grants', on: 'update', when: told }),
  },
  {
    ...{ no: 31, name: 'deletion begun', utility: 'demo', act: remove, check: expectNothingKept },
    halt: ({ database }) => inTransaction(database, { table: 'series_blocks', on: 'delete', timing: 'before' }),
  },
  {
    ...{ no: 32, name: 'half of it deleted', utility: 'demo', act: remove, check: expectNothingKept },
    halt: ({ database }) => inTransaction(database, { table: 'meters', on: 'delete', timing: 'before' }),
  },
]
