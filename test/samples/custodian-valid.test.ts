import { afterAll, beforeAll, expect, it } from 'vitest'

import { type CustodianKit, custodianKit, type Registered } from '../custodian-kit.ts'
import { addGreenButtonMeter } from '../green-button-meter.ts'
import { faults, schemasPresent } from './write-schemas.ts'

let kit: CustodianKit
let client: Registered
beforeAll(async () => {
  kit = await custodianKit()
  await addGreenButtonMeter(kit.api, kit.api.ours.authorizationUid)
  client = await kit.register()
})
afterAll(async () => await kit.close())

if (schemasPresent) {
  it('every kind of document that the Green Button face serves is valid under 4.0 and 3.3', async () => {
    const { access } = await kit.tokens(client)
    const token = String((await kit.token(client, { grant_type: 'client_credentials' })).body['access_token'])
    const id = kit.api.ours.authorizationUid
    for (const [address, given] of [
      [`/Batch/Subscription/${id}`, access],
      [`/Batch/RetailCustomer/${id}`, access],
      [`/Authorization/${id}`, access],
      [`/Subscription/${id}/UsagePoint`, access],
      ['/ReadingType', access],
      ['/Authorization', token],
      ['/ReadServiceStatus', token],
      [`/Batch/Bulk/${client.uid}`, token],
      [`/ApplicationInformation/${client.uid}`, client.registrationToken],
    ] as const) {
      const { status, text } = await kit.get(address, given)
      expect([address, status]).toEqual([address, 200])
      for (const set of ['4.0', '3.3'] as const)
        expect([address, set, faults(set, Buffer.from(text))]).toEqual([address, set, []])
    }
  })
} else {
  it('the schemas are not here, so that this extra set DID NOT RUN', () => {
    console.warn('*** test/samples: no XSD found; the validation of the Green Button face DID NOT RUN ***')
    expect(schemasPresent).toBe(false)
  })
}
