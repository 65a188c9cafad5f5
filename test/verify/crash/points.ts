import type { UtilitySlug } from '../../running-app.ts'
import type { Bench } from './bench.ts'
import { type AtStatement, committed, type Halt, inTransaction, inTurn } from './halts.ts'

/** One place to die: `no` is the number in the checklist. */
export type Point = {
  no: number
  name: string
  utility: UtilitySlug
  halt: (bench: Bench) => Halt
  /** What else has to be so that this place is passed. */
  before?: (bench: Bench) => Promise<void>
  /** The grant is lost with the answer: nobody can do more than tell, and ask the customer once more. */
  losesGrant?: true
}

const written = (at: AtStatement) => (bench: Bench) => inTransaction(bench.database, at)
const kept = (at: AtStatement) => (bench: Bench) => committed(bench.database, at)
const leased = `new.state = 'leased' and old.state <> 'leased'`
const pair = 'new.version > old.version'
const intent = 'new.refresh_owner is not null and old.refresh_owner is null'

/** The next access token lives for half a minute, which is less than our margin: the first fetch refreshes. */
const shortLived = async (bench: Bench): Promise<void> => {
  await bench.admin('demo', 'POST', '/fault', { on: 'token', mode: 'expires-in-zero', seconds: 30 })
}

/** The utility's word of the first files is lost: else they are there before anybody has asked for them. */
const silentAtFirst = async (bench: Bench): Promise<void> => {
  await bench.admin('sce', 'POST', '/fault', { on: 'notification', mode: 'lost' })
}

/** The utility does what it was asked and never says so, or stops half way through its answer. */
function atUtility(utility: UtilitySlug, fault: { on: string; mode?: string; match?: string; delayMs?: number }) {
  return (bench: Bench): Halt => ({
    arm: async () => void (await bench.admin(utility, 'POST', '/fault', fault)),
    // A fault that was met is used up.
    reached: async () => (await bench.admin(utility, 'GET', '/fault')).faults.length === 0,
    release: async () => void (await bench.admin(utility, 'DELETE', '/fault')),
  })
}

/** Places on a customer's way from the form to the data, at the utility that answers at once. */
export const POINTS: readonly Point[] = [
  { no: 1, name: 'flow row written, not committed', utility: 'demo', halt: written({ table: 'flows', on: 'insert' }) },
  {
    no: 2,
    name: 'flow row committed, customer not sent on',
    utility: 'demo',
    halt: kept({ table: 'flows', on: 'insert' }),
  },
  {
    no: 4,
    name: 'state consumed, not committed',
    utility: 'demo',
    halt: written({ table: 'flows', on: 'update', when: `new.state = 'exchanging'` }),
  },
  {
    no: 5,
    name: 'state consumed, no token call yet',
    utility: 'demo',
    halt: kept({ table: 'flows', on: 'update', when: `new.state = 'exchanging'` }),
  },
  {
    no: 6,
    name: 'token call done, not answered',
    utility: 'demo',
    halt: atUtility('demo', { on: 'token', mode: 'no-answer' }),
  },
  { no: 7, name: 'tokens received, not committed', utility: 'demo', halt: written({ table: 'grants', on: 'insert' }) },
  { no: 8, name: 'tokens committed, nothing owed yet', utility: 'demo', halt: kept({ table: 'grants', on: 'insert' }) },
  {
    no: 9,
    name: 'consent and windows committed, receipt not shown',
    utility: 'demo',
    halt: kept({ table: 'windows', on: 'insert' }),
  },
  { no: 10, name: 'lease taken', utility: 'demo', halt: kept({ table: 'windows', on: 'update', when: leased }) },
  {
    no: 11,
    name: 'intent to refresh committed',
    utility: 'demo',
    before: shortLived,
    halt: kept({ table: 'grants', on: 'update', when: intent }),
  },
  {
    no: 13,
    name: 'new pair received, not committed',
    losesGrant: true,
    utility: 'demo',
    before: shortLived,
    halt: written({ table: 'grants', on: 'update', when: pair }),
  },
  {
    no: 14,
    name: 'new pair committed, lease held',
    utility: 'demo',
    before: shortLived,
    halt: kept({ table: 'grants', on: 'update', when: pair }),
  },
  {
    no: 15,
    name: 'resource asked, no answer',
    utility: 'demo',
    halt: atUtility('demo', { on: 'resource', mode: 'no-answer', match: 'Batch' }),
  },
  {
    no: 16,
    name: 'half the body read',
    utility: 'demo',
    halt: atUtility('demo', { on: 'resource', mode: 'half-open', match: 'Batch' }),
  },
  {
    no: 17,
    name: 'feed kept and parsed, nothing of it written',
    utility: 'demo',
    halt: written({ table: 'meters', on: 'insert', timing: 'before' }),
  },
  {
    no: 18,
    name: 'half the rows of a feed written',
    utility: 'demo',
    halt: written({ table: 'series_blocks', on: 'insert' }),
  },
  {
    no: 19,
    name: 'data written, window not done',
    utility: 'demo',
    halt: written({ table: 'windows', on: 'update', when: `new.state = 'done'`, timing: 'before' }),
  },
  {
    no: 20,
    name: 'window done, last event not committed',
    utility: 'demo',
    halt: written({ table: 'events', on: 'insert', when: `new.type = 'authorization_update_finished_successful'` }),
  },
  {
    no: 38,
    name: 'audit entry not committed',
    utility: 'demo',
    halt: written({ table: 'audit_entries', on: 'insert' }),
  },
  { no: 38, name: 'audit entry committed', utility: 'demo', halt: kept({ table: 'audit_entries', on: 'insert' }) },
  {
    no: 3,
    name: 'customer sent on, not yet back',
    utility: 'demo',
    halt: atUtility('demo', { on: 'authorize', delayMs: 500 }),
  },
  {
    no: 12,
    name: 'refresh done, not answered',
    losesGrant: true,
    utility: 'demo',
    before: shortLived,
    halt: (bench) =>
      inTurn(
        kept({ table: 'grants', on: 'update', when: intent })(bench),
        atUtility('demo', { on: 'token', mode: 'no-answer' })(bench),
      ),
  },
  {
    no: 21,
    name: 'asked for a file, no 202',
    utility: 'sce',
    before: silentAtFirst,
    halt: atUtility('sce', { on: 'resource', mode: 'no-answer', match: 'Bulk' }),
  },
  {
    no: 22,
    name: '202 noted',
    utility: 'sce',
    before: silentAtFirst,
    halt: kept({ table: 'windows', on: 'update', when: `new.state = 'waiting'` }),
  },
  {
    no: 23,
    name: 'notification received, not committed',
    utility: 'sce',
    halt: written({ table: 'notifications', on: 'insert' }),
  },
  {
    no: 24,
    name: 'notification committed, not answered',
    utility: 'sce',
    halt: kept({ table: 'notifications', on: 'insert' }),
  },
  {
    no: 25,
    name: 'notification kept, doorbell not rung',
    utility: 'sce',
    halt: ({ database }) =>
      inTurn(
        committed(database, { table: 'notifications', on: 'insert' }),
        inTransaction(database, {
          table: 'pgboss.job',
          on: 'insert',
          when: `new.name = 'collect.judge-notifications'`,
        }),
      ),
  },
  {
    no: 26,
    name: 'half the file read',
    utility: 'sce',
    halt: (bench) =>
      atUtility('sce', { on: 'resource', mode: 'half-open', match: `/${bench.simulators.sce.registration.bulkId}/` })(
        bench,
      ),
  },
  {
    no: 27,
    name: 'delivery taken',
    utility: 'demo',
    halt: kept({ table: 'deliveries', on: 'update', when: 'new.attempts > old.attempts' }),
  },
  {
    no: 28,
    name: 'delivery sent, not noted',
    utility: 'demo',
    halt: written({ table: 'deliveries', on: 'update', when: `new.state = 'delivered'` }),
  },
]
