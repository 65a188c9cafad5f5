import type { Job } from '../jobs/job.ts'
import { announceEnds, checkRunningGrants, keepGrantsAlive, remindBeforeEnd } from './daily.ts'
import { recordEnds } from './ends-ledger.ts'
import { type SendMail, sendMails } from './send-mails.ts'
import {
  abandonOldGrants,
  closeStaleFlows,
  expireAuthorizations,
  remindUnconfirmed,
  settleReplaced,
  type SweepDeps,
} from './sweeps.ts'
import { type TellDeps, tellUtilities } from './tell-utilities.ts'

type Nothing = object
const nothing = (): Nothing => ({})

/** Mails that are due; rung when one is queued. */
export const sendDueMails: Job<Nothing, { sendMail: SendMail }> = {
  name: 'authorization.send-mails',
  key: () => 'mails',
  attempts: 1,
  parse: nothing,
  async run(_payload, { db, now, sendMail }) {
    await sendMails({ db, now, sendMail })
  },
}

/** Utilities that are owed the word that a share has ended; rung when one ends. */
export const tellDueUtilities: Job<Nothing, { tell: TellDeps }> = {
  name: 'authorization.tell-utilities',
  key: () => 'tell',
  attempts: 1,
  parse: nothing,
  async run(_payload, { tell }) {
    await tellUtilities(tell)
  },
}

/** What time brings about: ends, reminders, grants and flows that nobody finished. Runs every minute. */
export const sweepAuthorizations: Job<Nothing, { sweep: SweepDeps; tell: TellDeps; sendMail: SendMail }> = {
  name: 'authorization.sweep',
  key: () => 'sweep',
  attempts: 1,
  parse: nothing,
  async run(_payload, { db, now, sweep, tell, sendMail }) {
    await expireAuthorizations(sweep)
    await announceEnds(sweep)
    await remindBeforeEnd(sweep)
    await remindUnconfirmed(sweep)
    await abandonOldGrants(sweep)
    await closeStaleFlows(sweep)
    await settleReplaced({ db, now, tokens: tell.tokens })
    await checkRunningGrants({ db, now, tokens: tell.tokens })
    await keepGrantsAlive({ db, now, tokens: tell.tokens })
    await tellUtilities(tell)
    await sendMails({ db, now, sendMail })
  },
}

/** Shares that ended, into the file that a restore ends them from. Runs every minute. */
export const keepEnds: Job<Nothing, { endsFile: string }> = {
  name: 'authorization.keep-ends',
  key: () => 'ends',
  attempts: 1,
  parse: nothing,
  async run(_payload, { db, endsFile }) {
    await recordEnds({ db, file: endsFile })
  },
}
