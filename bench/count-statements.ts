import { Client } from 'pg'

/**
 * What went to the database: statements of ours, all round trips (with begin, role and commit; what one connection sends in one
 * turn of the event loop is one), and transactions.
 */
export type StatementCount = { statements: number; roundTrips: number; transactions: number }

const AROUND = /^(?:begin|commit|rollback|set local)\b/

/** Adds what every connection of this process sends during a work. */
export async function countStatements<T>(counted: StatementCount, work: () => Promise<T>): Promise<T> {
  const prototype: { query: (...args: unknown[]) => unknown } = Client.prototype
  const query = prototype.query
  const sending = new WeakSet<object>()
  prototype.query = function counting(this: object, ...args) {
    const text = typeof args[0] === 'string' ? args[0] : ''
    if (!sending.has(this)) {
      counted.roundTrips++
      sending.add(this)
      setImmediate(() => sending.delete(this))
    }
    if (text.startsWith('begin')) counted.transactions++
    if (!AROUND.test(text)) counted.statements++
    return query.apply(this, args)
  }
  try {
    return await work()
  } finally {
    prototype.query = query
  }
}
