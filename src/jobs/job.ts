import type { Db } from '../storage/db.ts'

/** Where a job writes what an operator may want to know: ids, counts and codes, never customer data. */
export type Log = Record<'info' | 'warn' | 'error', (fields: Record<string, unknown>, message: string) => void>

/** What every job gets. signal aborts when the process stops. */
export type JobContext = { db: Db; now: () => Date; signal: AbortSignal; log: Log }

/**
 * Work that the doorbell wakes. What is owed is in tables: a job that is lost is found again by a sweep, one that runs
 * twice changes nothing. Extra: what the job needs beyond the context (fetchers), given where the program is put together.
 */
export type Job<Payload extends object = object, Extra extends object = object> = {
  /** Stable, lower case, with dots: `collect.sweep`. It names the queue. */
  name: string
  /** At most one waiting job for each key; without it, each send is a job of its own. */
  key?: (payload: Payload) => string
  /** How often the queue tries; then the job is left failed and visible. */
  attempts: number
  /** Parses what the queue kept; throws on anything else. */
  parse: (payload: unknown) => Payload
  run: (payload: Payload, context: JobContext & Extra) => Promise<void>
}
