import { expect } from 'vitest'

import { until } from './until.ts'
import { type Bench, openBench } from './bench.ts'
import type { Halt } from './halts.ts'
import type { Product } from './product.ts'
import { openReceiver, type Receiver } from './receiver.ts'

/** A bench with one product process on it, and an endpoint that is told of everything. */
export type Stage = {
  bench: Bench
  receiver: Receiver
  product(): Product
  /**
   * Kills the product where `doing` stands still and starts it again; the milliseconds until it was ready. What it
   * printed holds no secret.
   */
  dieAt(halt: Halt, doing: Promise<unknown>): Promise<number>
  /** Ends the product in peace and starts it again, with the environment that the bench has by now. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** On an embedded server of its own, or on the server that TEST_DATABASE_URL names. */
export async function openStage(): Promise<Stage> {
  const bench = await openBench({ ownServer: process.env['TEST_DATABASE_URL'] === undefined })
  const receiver = await openReceiver()
  let product = await bench.start()
  const made = await bench.api('/webhooks', { method: 'POST', body: { url: receiver.url }, version: 'v3' })
  if (made.status !== 200) throw new Error(`no webhook: ${JSON.stringify(made.body)}`)
  return {
    ...{ bench, receiver, product: () => product },
    async dieAt(halt, doing) {
      let failed: unknown = null
      doing.catch((error: unknown) => (failed = error))
      await until('the product to stand there', async () => {
        if (failed !== null) throw new Error('an error came before the halt', { cause: failed })
        return (await halt.reached()) ? true : null
      })
      product.signal('SIGKILL')
      expect(await product.ended).toBe('SIGKILL')
      await Promise.allSettled([doing])
      await halt.release()
      const printed = product.printed()
      for (const secret of bench.secrets) expect(printed).not.toContain(secret)
      product = await bench.start()
      return product.readyMs
    },
    async restart() {
      product.signal('SIGTERM')
      expect(await product.ended).toBe(0)
      product = await bench.start()
    },
    async close() {
      product.signal('SIGKILL')
      await receiver.close()
      await bench.close()
    },
  }
}
