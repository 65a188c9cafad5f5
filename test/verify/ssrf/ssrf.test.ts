import { randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { openEnvelope } from '../../../src/storage/secrets.ts'
import { listEndpoints } from '../../../src/storage/webhook-endpoints.ts'
import { allowedResource } from '../../../src/utilities/allowed.ts'
import { utilities } from '../../../src/utilities/index.ts'
import { addEndpoint, judgeAddress } from '../../../src/webhooks/add-endpoint.ts'
import { openSender } from '../../../src/webhooks/send-delivery.ts'
import { seedCompany, testDatabase, type TestDatabase } from '../../database.ts'
import { NAMES, PRIVATE_HOSTS, PUBLIC, RESOLVED, SPELLINGS, URLS } from './targets.ts'

/**
 * No request to a network that is not public, by any address that somebody else can choose: 90 targets over four surfaces.
 * Names are resolved by a stub, and every socket that is made is watched: a forbidden address is refused before that.
 */
const PUBLIC_NAME = 'hooks.example.com'
const forbidden = [...[...PRIVATE_HOSTS, ...SPELLINGS, ...NAMES].map((host) => `https://${host}/`), ...URLS] as const

let connects = 0
let checks = 0
const socketMade = (): void => void connects++
let database: TestDatabase
let companyUid: string

beforeAll(async () => {
  database = await testDatabase()
  ;({ companyUid } = await seedCompany(database.db))
})
afterAll(async () => {
  await database.close()
  console.log(`ssrf: ${checks} checks of ${forbidden.length + Object.keys(RESOLVED).length + PUBLIC.length} targets`)
})
beforeEach(() => {
  connects = 0
  subscribe('net.client.socket', socketMade)
})
afterEach(() => unsubscribe('net.client.socket', socketMade))

const deps = (addresses: readonly string[]) => ({
  ...{ db: database.db, envelope: openEnvelope(randomBytes(32)), allowed: [], random: randomBytes },
  lookup: () => Promise.resolve([...addresses]),
  now: () => new Date(),
})

describe('an endpoint of a company', () => {
  it.each(forbidden)('%j is not saved, not changed to, and never connected to', async (url) => {
    const refused = { code: expect.stringMatching(/^(?:bad_address|not_public)$/) }
    const given = { url, description: '', eventTypes: null }
    await expect(addEndpoint(deps(['11.0.0.1']), companyUid, given)).rejects.toMatchObject(refused)
    await expect(judgeAddress(deps(['11.0.0.1']), url)).rejects.toMatchObject(refused)
    const sender = openSender([], () => Promise.resolve(['11.0.0.1']), 500)
    connects = 0
    expect(await sender.send(url, '{}', {})).toMatchObject({ status: null, error: refused.code })
    await sender.close()
    expect(connects).toBe(0)
    checks += 4
  })

  it.each(Object.entries(RESOLVED))(
    'whose name leads to %s is not saved and never connected to',
    async (_what, found) => {
      const url = `https://${PUBLIC_NAME}/`
      const refused = { code: expect.stringMatching(/^not_/) }
      const given = { url, description: '', eventTypes: null }
      await expect(addEndpoint(deps(found), companyUid, given)).rejects.toMatchObject(refused)
      const sender = openSender([], () => Promise.resolve([...found]), 500)
      connects = 0
      expect(await sender.send(url, '{}', {})).toMatchObject({ status: null, error: refused.code })
      await sender.close()
      expect(connects).toBe(0)
      checks += 3
    },
  )

  it('whose name turns private between check and connect is not connected to', async () => {
    const answers = [['11.0.0.1'], ['127.0.0.1']]
    const sender = openSender([], () => Promise.resolve(answers.shift() ?? []), 500)
    expect(await sender.send(`https://${PUBLIC_NAME}/`, '{}', {})).toEqual({ status: null, error: 'not_public' })
    await sender.close()
    expect(answers).toEqual([]) // the second was the socket's own
    checks++
  })

  it.each([301, 302, 303, 307, 308])('that answers %i to a private address is not followed', async (status) => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(status, { location: `http://127.0.0.1:${port()}/secret` }).end()
    })
    const port = (): number => {
      const address = server.address()
      return typeof address === 'object' && address ? address.port : 0
    }
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
    const sender = openSender(['127.0.0.1/32'], () => Promise.resolve([]), 2000)
    expect(await sender.send(`http://127.0.0.1:${port()}/hook`, '{}', {})).toMatchObject({ status })
    await sender.close()
    await new Promise((done) => server.close(done))
    expect(asked).toEqual(['/hook'])
    checks++
  })

  it.each(PUBLIC)('%s may be told', async (url) => {
    const given = { url, description: '', eventTypes: null }
    await expect(addEndpoint(deps(['11.0.0.1', '2606:4700::1']), companyUid, given)).resolves.toMatchObject({
      secret: expect.stringMatching(/^whsec_/),
    })
    expect(connects).toBeLessThanOrEqual(1) // the database's own
    checks++
  })

  it('nothing that was refused is in the table', async () => {
    const saved = await database.db.company(companyUid, (tx) => listEndpoints(tx))
    expect(saved.length).toBe(PUBLIC.length)
  })
})

describe('an address that a utility names', () => {
  const production = utilities.flatMap(({ environments }) => Object.values(environments))
  it.each(forbidden)('%j is never fetched, for any utility', (url) => {
    for (const addresses of production) {
      expect(allowedResource(addresses, url)).toBeNull()
      const { pathname } = new URL(addresses.resourceBase)
      const below = url.replace(/\/$/, `${pathname}/Batch/Bulk/1`)
      expect(allowedResource(addresses, below)).toBeNull()
      checks += 2
    }
  })
})

it('the calls that leave this program are those of the two guarded ways, and the commands of the demo', () => {
  const calls = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .filter((name) => {
      const text = readFileSync(path.join('src', name), 'utf8')
      return /from 'undici'|\bawait fetch\(|from 'node:(?:https?|tls|net)'.*\n?/.test(text) && isOutbound(text)
    })
  expect(calls.toSorted()).toEqual([
    'authorization/scripted-browser.ts', // loopback only
    'cli/demo-totals.ts',
    'cli/demo-walk.ts',
    'cli/simulators-process.ts',
    'utilities/transport.ts',
    'webhooks/send-delivery.ts',
  ])
})

const isOutbound = (text: string): boolean =>
  /from 'undici'|\bawait fetch\(|\b(?:https?|tls|net)\.(?:request|connect)\(/.test(text)
