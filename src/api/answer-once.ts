import { createHash } from 'node:crypto'

import { z } from 'zod'

import type { Uid } from '../model/uid.ts'
import type { Db } from '../storage/db.ts'
import { giveKeyBack, keepAnswer, takeKey } from '../storage/idempotent-requests.ts'
import { contextOf, type Envelope } from '../storage/secrets.ts'
import { ApiError, invalidParam } from './api-error.ts'

const KEY = /^[\x21-\x7e]{1,255}$/
/** How long an answer is kept. */
export const KEPT_MS = 24 * 3_600_000
/** Longer than a request can take: after that its process is gone, and the same request may be made again. */
const LOST_MS = 5 * 60_000

const answerShape = z.object({ status: z.int(), body: z.record(z.string(), z.unknown()) })

/** What was answered to a request that changes something. */
export type Answer = z.output<typeof answerShape>

type OnceDeps = { db: Db; envelope: Envelope; now: () => Date }
type Asked = { companyUid: Uid; key: unknown; method: string; address: string; body: Record<string, unknown> }

/**
 * Answers a request under an Idempotency-Key once: the same request gets the same answer for 24 hours, refusals too. Keys are
 * a company's own; answers are sealed, since they may hold a secret. What fails on our side may be tried again.
 * Throws ApiError `idempotency_key_reused` (another request had the key) | `idempotency_key_in_use` (it still runs).
 */
export async function answerOnce(
  { db, envelope, now }: OnceDeps,
  { companyUid, key, ...request }: Asked,
  run: () => Promise<Answer>,
): Promise<Answer & { isReplay: boolean }> {
  if (typeof key !== 'string' || !KEY.test(key))
    throw invalidParam('Idempotency-Key', 'must be 1 to 255 visible characters')
  const requestHash = createHash('sha256').update(JSON.stringify(request)).digest()
  const context = contextOf('idempotent_requests', 'answer', key, companyUid)
  const started = now()
  const before = (ms: number): Date => new Date(started.getTime() - ms)
  const taking = {
    companyUid,
    key,
    requestHash,
    now: started,
    forgottenBefore: before(KEPT_MS),
    lostBefore: before(LOST_MS),
  }
  const earlier = await db.company(companyUid, (tx) => takeKey(tx, taking))
  if (earlier) {
    if (!earlier.requestHash.equals(requestHash)) throw reused()
    if (earlier.answer === null) throw inUse()
    return { ...answerShape.parse(envelope.openJson(earlier.answer, context)), isReplay: true }
  }
  const taken = { companyUid, key }
  const answer = await run().catch(async (error: unknown) => {
    await db.company(companyUid, (tx) => giveKeyBack(tx, taken))
    throw error
  })
  await db.company(companyUid, (tx) => keepAnswer(tx, taken, envelope.seal(answer, context)))
  return { ...answer, isReplay: false }
}

const reused = (): ApiError =>
  new ApiError('idempotency_key_reused', 'This Idempotency-Key was used for another request. Take a new key.')

const inUse = (): ApiError =>
  new ApiError(
    'idempotency_key_in_use',
    'The request with this Idempotency-Key is still running. Try again in a moment.',
  )
