import { expect } from 'vitest'

import { newCustomer } from './customer.ts'
import { inRead } from './halts.ts'
import { collected } from './invariants.ts'
import type { Scenario } from './scenario.ts'

/** A company fetches a file of all its readings; the file must not look whole, and the next one is. */
export const EXPORT_POINT: Scenario = {
  no: 35,
  name: 'export half written',
  async run({ bench, dieAt }) {
    const customer = newCustomer(bench, 'demo')
    await customer.goOn()
    const { uid } = await collected(bench, customer)
    const others = await bench.database.admin(
      `select authorization_uid as uid from authorizations where state = 'active'`,
    )
    const all = others.map((row) => row['uid']).join(',')
    const whole = await fetchFile()
    const halt = inRead(bench.database, 'series_blocks', `authorization_uid = ${uid}`)
    await halt.arm()
    let begun = ''
    let failed: unknown = null
    const half = readFile((text) => (begun += text)).catch((error: unknown) => (failed = error))
    const readyMs = await dieAt(halt, half)
    expect(failed).toBeInstanceOf(Error)
    expect(begun).not.toBe('')
    expect(whole.startsWith(begun)).toBe(true)
    expect(await fetchFile()).toBe(whole)
    return readyMs

    async function fetchFile(): Promise<string> {
      let text = ''
      await readFile((piece) => (text += piece))
      return text
    }
    async function readFile(piece: (text: string) => void): Promise<void> {
      const answer = await fetch(`${bench.url}/api/v3/exports/intervals?format=csv&authorizations=${all}`, {
        // gzip would keep its first bytes back for a while
        headers: { authorization: `Bearer ${bench.shown.token}`, 'accept-encoding': 'identity' },
      })
      if (answer.status !== 200 || answer.body === null) throw new Error(`no file: ${await answer.text()}`)
      for await (const bytes of answer.body.pipeThrough(new TextDecoderStream())) piece(bytes)
    }
  },
}
