import { createHash } from 'node:crypto'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { address, type PathBench, pathBench, started } from '../../test/customer-path.ts'
import { queryOf, shareAt } from '../../test/simulated-customer.ts'

let bench: PathBench
beforeAll(async () => {
  bench = await pathBench()
})
afterAll(async () => await bench.close())

it.each(['pge', 'sce', 'demo'])('a customer of %s goes from the form to the receipt', async (utilitySlug) => {
  const { path } = bench
  const { redirect, cookie } = await started(path, address({ utilitySlug }))
  const back = await shareAt(redirect)
  const arrived = await path.callback(utilitySlug, queryOf(back), cookie)
  if (!('flowUid' in arrived)) throw new Error(JSON.stringify(arrived))
  const view = await path.grant(arrived.flowUid, cookie)
  if ('end' in view) throw new Error(view.end)
  expect(view).toMatchObject({ customerName: 'Carla Customer', withheld: [], historyStart: expect.any(String) })
  expect(view.dataClasses).toEqual(['meters', 'bills', 'intervals', 'accounting'])
  const done = await path.confirm(arrived.flowUid, cookie)
  if ('end' in done) throw new Error(done.end)
  const receipt = await path.receipt(done.receiptKey, 'en')
  expect(receipt).toMatchObject({ state: 'active', customerEmail: 'carla@customer.example', utilityTold: false })
  // The text on the final step is the one that is stored and that the receipt repeats.
  const uid = bench.owed.at(-1)?.authorizationUid
  const [consent] = await bench.database.admin(
    'select text_shown, text_hash from consents where authorization_uid = $1',
    [uid],
  )
  expect(consent).toEqual({
    text_shown: view.consentText,
    text_hash: createHash('sha256').update(view.consentText).digest('hex'),
  })
  expect(receipt).toMatchObject({ consentText: view.consentText, consentHash: consent?.['text_hash'] })
  expect(view.consentText).toContain('Carla Customer allows Test Operator')
  expect(bench.owed.at(-1)).toMatchObject({ state: 'active', subscription: expect.any(String) })
})
