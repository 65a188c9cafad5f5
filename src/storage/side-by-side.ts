import { codeOf } from './db.ts'

/**
 * Waits for statements of one transaction of which none needs the answer of another: where the transaction is shared they have
 * left together. They run in the order in which they were sent. Waits for all of them also when one fails, since what is
 * still under way when a transaction ends would run after it; then throws what failed first.
 */
export async function sideBySide<const Sent extends readonly unknown[]>(
  ...sent: Sent
): Promise<{ -readonly [At in keyof Sent]: Awaited<Sent[At]> }> {
  const ended = await Promise.allSettled(sent)
  const errors = ended.flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []))
  if (errors.length > 0) throw causeOf(errors)
  return await Promise.all(sent)
}

const ABORTED = '25P02'

/** What came first: after it the database refused the statements of all others. */
export function causeOf(errors: readonly unknown[]): unknown {
  return errors.find((error) => codeOf(error) !== ABORTED) ?? errors[0]
}
