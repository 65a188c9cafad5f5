import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'

import { type Simulators, startSimulators } from '../../simulators/index.ts'
import { admin } from '../../simulators/test-client.ts'
import { testCertificates } from '../../test/certificates.ts'
import { ensureDemoCompany } from '../accounts/demo-company.ts'
import { testDatabase, type TestDatabase } from '../../test/database.ts'
import { openEnvelope } from '../storage/secrets.ts'
import { openConnections } from '../utilities/connections.ts'
import { addressesAt } from '../utilities/registration.ts'
import { utilityOf } from '../utilities/index.ts'
import { addRegistration } from './utility-add.ts'
import { checkRegistered } from './utility-check.ts'
import { listRegistered } from './utility-list.ts'
import { rotateRegistered } from './utility-rotate.ts'
import { readGiven } from './utility-secrets.ts'

const key = randomBytes(32)
const envelope = openEnvelope(key)
const folder = mkdtempSync(path.join(tmpdir(), 'gbp-utility-'))
const file = (name: string, text: string): string => {
  const to = path.join(folder, name)
  writeFileSync(to, text)
  return to
}
let database: TestDatabase
let simulators: Simulators
let env: NodeJS.ProcessEnv
const added: { redirect_uri: string; notification_uri: string; registration_uid: string }[] = []

beforeAll(async () => {
  database = await testDatabase()
  simulators = await startSimulators({ seed: 7, historyMonths: 1 })
  const { connection } = database
  const url =
    typeof connection === 'string'
      ? connection
      : `postgres://${connection.user}@localhost:${connection.port}/${connection.database}?host=${encodeURIComponent(connection.host)}`
  env = { DATA_DIR: folder, DATABASE_URL: url, ENCRYPTION_KEY: key.toString('base64') }
})
afterAll(async () => {
  await simulators.close()
  await database.close()
  rmSync(folder, { recursive: true })
})

async function run(
  command: (out: (line: string) => void) => Promise<number>,
): Promise<{ code: number; lines: string[]; text: string }> {
  const lines: string[] = []
  const code = await command((line) => void lines.push(line))
  return { code, lines, text: lines.join('\n') }
}

const findingsSchema = z.object({
  ok: z.boolean(),
  findings: z.array(z.object({ check: z.string(), state: z.string(), says: z.string() })),
})
async function check(name: string, options: Parameters<typeof checkRegistered>[2] = {}) {
  const { code, text } = await run((out) => checkRegistered(env, name, { ...options, json: true }, out))
  const { findings } = findingsSchema.parse(JSON.parse(text))
  const missing = findings.filter(({ state }) => state === 'missing').map((one) => one.check)
  return { code, findings, missing }
}

const addedSchema = z.object({ registration_uid: z.string(), redirect_uri: z.string(), notification_uri: z.string() })

function registrationFile(change: Record<string, unknown> = {}): string {
  const { registration, ca } = simulators.pge
  const all = {
    utility: 'pge',
    environment: 'simulated',
    clientId: registration.clientId,
    clientSecret: registration.clientSecret,
    bulkId: registration.bulkId,
    applicationId: registration.applicationInformationId,
    registrationToken: registration.registrationAccessToken,
    certificate: registration.certificate,
    key: registration.key,
    ca,
    addresses: { ...addressesAt(utilityOf('PG&E'), simulators.pge), customerPortal: undefined },
    ...change,
  }
  return file('registration.json', JSON.stringify(all))
}

describe('a registration, from the first word to a rotation', () => {
  it('is added from one JSON file; what has to be registered at the utility is printed, and no secret', async () => {
    const { code, text } = await run((out) =>
      addRegistration(env, undefined, { from: registrationFile(), json: true }, out),
    )
    expect(code).toBe(0)
    const printed = addedSchema.parse(JSON.parse(text))
    added.push(printed)
    expect(printed.redirect_uri).toBe('http://127.0.0.1:8400/utilities/pge/callback')
    expect(text).not.toContain(simulators.pge.registration.clientSecret)
    const [row] = await database.admin(`select encode(secrets, 'escape') as text from registrations`)
    expect(String(row?.['text'])).not.toContain(simulators.pge.registration.clientSecret)
  })

  it('is added once', async () => {
    await expect(run((out) => addRegistration(env, 'pge', { from: registrationFile() }, out))).rejects.toThrow(
      /registered already, as \d+/,
    )
  })

  it('check says what is missing while the utility does not know our addresses', async () => {
    const { code, missing, findings } = await check('pge')
    expect(missing).toEqual(['dummy_code', 'application'])
    expect(findings.find((one) => one.check === 'dummy_code')?.says).toContain('registered there as redirect address')
    expect(code).toBe(1)
  })

  it('check runs the connectivity test and the OAuth test end to end, and nothing is missing', async () => {
    const [one] = added
    simulators.setThirdParty('pge', {
      redirectUri: one?.redirect_uri ?? '',
      notificationUri: one?.notification_uri ?? '',
    })
    const { code, findings } = await check(one?.registration_uid ?? '')
    expect(findings.filter(({ state }) => state === 'missing')).toEqual([])
    expect(findings.map((finding) => finding.check)).toEqual([
      ...['certificate', 'key', 'self_signed', 'order', 'authority', 'rsa', 'sha2', 'dates', 'client_auth'],
      ...['client_token', 'service_status', 'sample_data', 'dummy_code', 'code_exchange', 'refresh', 'application'],
      'production_token',
    ])
    expect(code).toBe(0)
  })

  it('list shows owner, environment, expiry and the last check, and no secret', async () => {
    const { text } = await run((out) => listRegistered(env, {}, out))
    expect(text).toMatch(/PG&E +simulated +operator .*certificate 20\d\d-.*nothing missing/)
    const { clientSecret, registrationAccessToken } = simulators.pge.registration
    const { text: json } = await run((out) => listRegistered(env, { json: true }, out))
    for (const secret of [clientSecret, registrationAccessToken, 'PRIVATE KEY'])
      expect(`${text}${json}`).not.toContain(secret)
  })

  it('a wrong secret is refused before it is put in place; forced, it can be taken back', async () => {
    const uid = added[0]?.registration_uid ?? ''
    const clientSecretFile = file('wrong', 'not-the-secret\n')
    const refused = await run((out) => rotateRegistered(env, uid, { clientSecretFile }, out))
    expect(refused.code).toBe(1)
    expect(refused.text).toContain('does not take the client id')
    expect((await check(uid)).missing).toEqual([])
    expect((await run((out) => rotateRegistered(env, uid, { clientSecretFile, force: true }, out))).code).toBe(0)
    expect((await check(uid)).missing).toContain('client_token')
    expect((await run((out) => rotateRegistered(env, uid, { back: true }, out))).code).toBe(0)
    expect((await check(uid)).missing).toEqual([])
  })

  it('a certificate is judged before anybody sends it, and one the utility does not know is not put in place', async () => {
    const uid = added[0]?.registration_uid ?? ''
    const made = await testCertificates()
    const weak = { certificateFile: file('weak.pem', made.weak.certificate), keyFile: file('weak.key', made.weak.key) }
    const judged = await check(uid, { ...weak, certificateOnly: true })
    expect(judged.missing).toContain('rsa')
    const rotated = await run((out) => rotateRegistered(env, uid, weak, out))
    expect(rotated.code).toBe(1)
    expect(rotated.text).toContain('1024 bits')
    expect((await check(uid)).missing).toEqual([])
  })

  it('running processes take new secrets at their next request', async () => {
    const uid = added[0]?.registration_uid ?? ''
    const running = [openConnections({ ...database, envelope }), openConnections({ ...database, envelope })]
    const secrets = async () =>
      await Promise.all(running.map(async (connections) => (await connections.of(uid)).registration.clientSecret))
    const before = await secrets()
    await run((out) => rotateRegistered(env, uid, { clientSecretFile: file('new', 'new-secret'), force: true }, out))
    expect(await secrets()).toEqual(['new-secret', 'new-secret'])
    await run((out) => rotateRegistered(env, uid, { back: true }, out))
    expect(await secrets()).toEqual(before)
    for (const connections of running) await connections.close()
  })
})

it('a company has a registration of its own beside the operator’s', async () => {
  const { alias } = await ensureDemoCompany({ db: database.db, now: () => new Date() })
  const from = registrationFile({ company: alias, clientId: 'of-the-company' })
  expect((await run((out) => addRegistration(env, undefined, { from }, out))).code).toBe(0)
  const { text } = await run((out) => listRegistered(env, {}, out))
  expect(text).toContain(`simulated  ${alias}`)
  await expect(check('pge')).rejects.toThrow(/several registrations at PG&E: \d+ \(simulated, operator\)/)
})

it('the utility out of order, its certificate not ours, its server not trusted: each is said in plain words', async () => {
  const uid = added[0]?.registration_uid ?? ''
  const said = async (): Promise<string> => (await check(uid)).findings.map(({ says }) => says).join('\n')
  await admin(simulators.pge, 'POST', '/fault', { on: 'token', times: 1, status: 503 })
  expect(await said()).toContain('could not be asked (server_error)')
  await admin(simulators.pge, 'POST', '/fault', { on: 'token', times: 1, status: 400, body: '"Invalid Certificate"' })
  expect(await said()).toContain('refuses our client certificate')
  await admin(simulators.pge, 'PUT', '/server-certificate', { trusted: false })
  expect(await said()).toContain('server is not trusted')
  await admin(simulators.pge, 'PUT', '/server-certificate', { trusted: true })
})

describe('secrets come from files, the environment or one JSON file', () => {
  const read = (name: string): string => {
    const texts: Record<string, string> = {
      a: 'from-a\n',
      '-': 'from-stdin',
      empty: '\n',
      json: '{"clientSecret":"x"}',
    }
    const text = texts[name]
    if (text === undefined) throw Object.assign(new Error('no'), { code: 'ENOENT' })
    return text
  }
  it.each([
    [{ clientSecretFile: 'a' }, {}, 'from-a'],
    [{ clientSecretFile: '-' }, { GBP_CLIENT_SECRET: 'from-env' }, 'from-stdin'],
    [{ from: 'json' }, { GBP_CLIENT_SECRET: 'from-env' }, 'from-env'],
    [{ from: 'json' }, {}, 'x'],
    [{}, {}, undefined],
  ])('%j %j', (options, variables, secret) => {
    expect(readGiven(options, variables, read).clientSecret).toBe(secret)
  })
  it.each([
    [{ clientSecretFile: 'nowhere' }, 'nowhere cannot be read (ENOENT)'],
    [{ keyFile: 'empty' }, 'empty is empty'],
    [{ clientSecretFile: '-', keyFile: '-' }, 'Only one file'],
    [{ from: 'a' }, 'a is no JSON'],
  ])('%j: %s', (options, message) => {
    expect(() => readGiven(options, {}, read)).toThrow(message)
  })
  it('a wrong field is named, and what it holds is not told', () => {
    const secret = (): string => '{"clientSecret": 12345, "certifcate": "x"}'
    expect(() => readGiven({ from: 'f' }, {}, secret)).toThrow(/clientSecret: .*string/)
    expect(() => readGiven({ from: 'f' }, {}, secret)).toThrow(/certifcate/)
    expect(() => readGiven({ from: 'f' }, {}, secret)).not.toThrow(/12345/)
  })
})
