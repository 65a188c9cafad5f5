import { fromKysely, PgBoss } from 'pg-boss'

import type { Tx } from '../storage/db.ts'
import type { Connection } from '../storage/migrate.ts'
import { asQueue } from '../storage/queue-role.ts'
import type { Job, JobContext, Log } from './job.ts'

/** When a job may run, and before which others (higher first). */
export type SendOptions = { startAfter?: Date; priority?: number }

/** Wakes workers within milliseconds and runs schedules. It may lose everything: what is owed is in our own tables. */
export type Doorbell = {
  /** Sends in a transaction: the job is there when it commits, and never when it does not. */
  send<Payload extends object>(tx: Tx, job: Job<Payload, never>, payload: Payload, options?: SendOptions): Promise<void>
  /** The same without a transaction. */
  ring<Payload extends object>(job: Job<Payload, never>, payload: Payload, options?: SendOptions): Promise<void>
  /** Starts `lanes` workers of a job in this process. */
  work<Payload extends object, Extra extends object>(
    job: Job<Payload, Extra>,
    context: Omit<JobContext, 'signal'> & Extra,
    options?: { lanes?: number },
  ): Promise<void>
  /** Sends a job by a cron expression in a time zone, once however many processes there are. */
  schedule<Payload extends object>(
    job: Job<Payload, never>,
    payload: Payload,
    when: { cron: string; timezone: string },
  ): Promise<void>
  /** Takes no more jobs, tells running ones to end, and waits for them, 25 s at most. */
  stop(): Promise<void>
}

/** What a queue has to know of its job. */
type Queue = { name: string; attempts: number; key?: unknown }

const SCHEMA = 'pgboss'
const STOP_MS = 25_000
// By default a queue that is notified is polled every 30 s only, and a retry makes no notification (measured).
const POLLING_SECONDS = 1

/**
 * Opens the queue (pg-boss) on the same database, as gbp_queue, in the schema that `migrate` made. Queues are made for
 * `jobs`; a job that is not among them cannot be sent.
 */
export async function openDoorbell(
  connection: Connection,
  { jobs, log }: { jobs: readonly Queue[]; log: Log },
): Promise<Doorbell> {
  const stopping = new AbortController()
  const boss = new PgBoss({
    ...(typeof connection === 'string' ? { connectionString: connection } : connection),
    options: '-c role=gbp_queue',
    application_name: 'green-button-proxy queue',
    schema: SCHEMA,
    createSchema: false,
    useListenNotify: true,
    max: 4,
  })
  boss.on('error', (error) => log.error({ error: nameOf(error) }, 'the queue failed'))
  boss.on('warning', (warning) => log.warn({ warning: warning.message }, 'the queue warns'))
  await boss.start()
  for (const job of jobs) await makeQueue(boss, job)

  return {
    async send(tx, job, payload, options) {
      const sent = { ...sendOptions(job, payload, options), db: fromKysely(tx) }
      await asQueue(tx, async () => await boss.send(job.name, payload, sent))
    },
    async ring(job, payload, options) {
      await boss.send(job.name, payload, sendOptions(job, payload, options))
    },
    async work(job, context, { lanes = 1 } = {}) {
      const options = {
        localConcurrency: lanes,
        pollingIntervalSeconds: POLLING_SECONDS,
        notifyPollingIntervalSeconds: POLLING_SECONDS,
      }
      await boss.work<unknown>(job.name, options, async (given) => {
        for (const { data, signal } of given) {
          const payload = job.parse(data)
          await job.run(payload, { ...context, signal: AbortSignal.any([signal, stopping.signal]) })
        }
      })
    },
    async schedule(job, payload, { cron, timezone }) {
      await boss.schedule(job.name, cron, payload, { tz: timezone, ...keyOf(job, payload) })
    },
    async stop() {
      stopping.abort(new Error('the process stops'))
      await boss.stop({ graceful: true, timeout: STOP_MS })
    },
  }
}

async function makeQueue(boss: PgBoss, { name, key, attempts }: Queue): Promise<void> {
  // `short`: at most one waiting job for each singleton key; without keys it would be one for the whole queue.
  const policy = key ? 'short' : 'standard'
  const retries = { retryLimit: attempts - 1, retryDelay: 1, retryBackoff: true, retryDelayMax: 3600 }
  await boss.createQueue(name, { policy, notify: true, ...retries })
  await boss.updateQueue(name, { notify: true, ...retries })
}

function sendOptions<Payload extends object>(
  job: Job<Payload, never>,
  payload: Payload,
  options: SendOptions = {},
): SendOptions & { singletonKey?: string } {
  return { ...options, ...keyOf(job, payload) }
}

function keyOf<Payload extends object>(job: Job<Payload, never>, payload: Payload): { singletonKey?: string } {
  return job.key ? { singletonKey: job.key(payload) } : {}
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}
