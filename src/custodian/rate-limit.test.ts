import { afterAll, beforeAll, expect, it } from 'vitest'

import { type CustodianKit, custodianKit, type Told } from '../../test/custodian-kit.ts'

let kit: CustodianKit
beforeAll(async () => {
  kit = await custodianKit({ requests: 3, seconds: 60 })
})
afterAll(async () => await kit.close())

const limits = ({ status, headers }: Told) => [status, headers.get('ratelimit'), headers.get('retry-after')]

it('a client has so many requests at tokens and resources together; each has its own, and gets them anew', async () => {
  const [client, other] = [await kit.register(), await kit.register()]
  const grant = { grant_type: 'client_credentials' }
  const first = await kit.token(client, grant)
  expect(limits(first)).toEqual([200, '"client";r=2;t=60', null])
  expect(first.headers.get('ratelimit-policy')).toBe('"client";q=3;w=60')
  const token = String(first.body['access_token'])
  expect(limits(await kit.get('/ReadServiceStatus', token))).toEqual([200, '"client";r=1;t=60', null])
  expect(limits(await kit.get('/nothing', token))).toEqual([404, '"client";r=0;t=60', null])
  expect(limits(await kit.get('/ReadServiceStatus', token))).toEqual([429, '"client";r=0;t=60', '60'])
  kit.clock.ms += 15_000
  const refused = await kit.token(client, grant)
  expect(limits(refused)).toEqual([429, '"client";r=0;t=45', '45'])
  expect(refused.body).toMatchObject({ error: 'temporarily_unavailable' })
  expect(limits(await kit.token(other, grant))).toEqual([200, '"client";r=2;t=45', null])
  kit.clock.ms += 45_000
  expect(limits(await kit.get('/ReadServiceStatus', token))).toEqual([200, '"client";r=2;t=60', null])
})

it('who is not known is counted nowhere', async () => {
  kit.clock.ms += 60_000
  const client = await kit.register()
  const wrong = { ...client, clientSecret: 'wrong' }
  for (let i = 0; i < 5; i++)
    expect(limits(await kit.token(wrong, { grant_type: 'client_credentials' }))).toEqual([401, null, null])
  expect(limits(await kit.token(client, { grant_type: 'client_credentials' }))).toEqual([
    200,
    '"client";r=2;t=60',
    null,
  ])
})
