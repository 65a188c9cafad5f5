import type { Job } from '../jobs/job.ts'
import { purgeRequests } from '../storage/idempotent-requests.ts'
import { KEPT_MS } from './answer-once.ts'

/** Answers under idempotency keys are kept for a day. Runs by schedule. */
export const purgeOldAnswers: Job = {
  name: 'api.purge_answers',
  key: () => 'purge',
  attempts: 3,
  parse: () => ({}),
  async run(_payload, { db, now }) {
    await db.operator((tx) => purgeRequests(tx, new Date(now().getTime() - KEPT_MS)))
  },
}
