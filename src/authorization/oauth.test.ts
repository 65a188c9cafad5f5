import { createHash, randomBytes } from 'node:crypto'

import { describe, expect, it } from 'vitest'

import type { OAuth } from '../utilities/contract.ts'
import { utilityOf } from '../utilities/index.ts'
import type { Connection } from '../utilities/connections.ts'
import { UtilityUnavailable } from '../utilities/errors.ts'
import { openTransport } from '../utilities/transport.ts'
import { classesOf, parseEspiScope } from './espi-scope.ts'
import { newKey } from './keys.ts'
import { authorizeUrl } from './oauth.ts'
import { readCallback } from './read-callback.ts'
import { repairTokenAnswer } from './token-answer.ts'

const now = new Date('2026-07-15T19:00:00Z')

function connectionOf(id: string): Connection {
  const utility = utilityOf(id)
  const [addresses] = Object.values(utility.environments)
  if (!addresses) throw new Error(`${id} has no environment`)
  const secrets = { clientSecret: 's:e/cret', registrationAccessToken: null, certificate: null, key: null, ca: null }
  const registration = {
    registrationUid: '1',
    utility,
    companyUid: null,
    environment: 'production',
    clientId: 'client id',
    bulkId: null,
    notificationKey: 'key',
    addresses,
    ...secrets,
  }
  // No request is made here; a profile without mutual TLS needs no certificate to open.
  const open = { ...utility, tls: { ...utility.tls, clientCertificate: 'none' as const } }
  const transport = openTransport(open, registration)
  return {
    utility,
    registration,
    transport,
    quota: utility.quota,
    admit: () => Promise.resolve(),
    admitToken: () => Promise.resolve(),
  }
}

const asked = {
  redirectUri: 'https://proxy.example/utilities/x/callback',
  state: 'the-state',
  codeVerifier: null as string | null,
  dataClasses: ['intervals', 'bills', 'meters', 'accounting'] as const,
  historyMonths: 24,
  ends: new Date('2027-07-16T07:00:00Z'),
  now,
}

describe('the authorize address', () => {
  it('of PG&E asks for dates only; the customer stays free to end tomorrow', () => {
    const url = new URL(authorizeUrl(connectionOf('PG&E'), asked))
    expect(`${url.origin}${url.pathname}`).toBe('https://sharemydata.pge.com/myAuthorization')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'client id',
      redirect_uri: asked.redirectUri,
      response_type: 'code',
      state: 'the-state',
      scope: `MinAuthEndDate=${now.getTime() / 1000 + 86_400};PreferredAuthEndDate=${asked.ends.getTime() / 1000 - 1}`,
    })
  })

  it('of an ESPI utility asks for no more function blocks than the classes need', () => {
    const scopeFor = (dataClasses: typeof asked.dataClasses | readonly ['intervals']): string =>
      new URL(authorizeUrl(connectionOf('SCE'), { ...asked, dataClasses: [...dataClasses] })).searchParams.get(
        'scope',
      ) ?? ''
    expect(classesOf(parseEspiScope(scopeFor(asked.dataClasses)))).toEqual([
      'meters',
      'bills',
      'intervals',
      'accounting',
    ])
    expect(classesOf(parseEspiScope(scopeFor(['intervals'])))).toEqual(['intervals'])
    expect(scopeFor(asked.dataClasses)).toContain('HistoryLength=63')
  })

  it('carries PKCE S256 where the profile has it, never plain, and none elsewhere', () => {
    const codeVerifier = newKey((bytes) => randomBytes(bytes))
    const url = new URL(authorizeUrl(connectionOf('DEMO'), { ...asked, codeVerifier }))
    expect(url.searchParams.get('code_challenge')).toBe(createHash('sha256').update(codeVerifier).digest('base64url'))
    expect(url.searchParams.get('code_challenge_method')).toBe('S256')
    expect(url.href).not.toContain(codeVerifier)
    expect(authorizeUrl(connectionOf('SCE'), asked)).not.toContain('code_challenge')
  })

  it('never sends the same state or verifier twice in 10,000', () => {
    const keys = Array.from({ length: 10_000 }, () => newKey((bytes) => randomBytes(bytes)))
    expect(new Set(keys).size).toBe(10_000)
    expect(keys.every((key) => key.length === 43)).toBe(true)
  })
})

describe('an answer of another server is refused (mix-up)', () => {
  const { oauth } = utilityOf('DEMO')
  const strict = { ...oauth, issuer: 'https://utility.example' }
  const code: [string, string] = ['code', 'x']
  it.each<[string, OAuth, [string, string][], string | null]>([
    ['iss as declared', strict, [code, ['iss', 'https://utility.example']], null],
    ['wrong iss', strict, [code, ['iss', 'https://evil.example']], 'mix_up'],
    ['iss missing where declared', strict, [code], 'mix_up'],
    ['iss twice', strict, [code, ['iss', 'https://utility.example'], ['iss', 'https://utility.example']], 'mix_up'],
    ['iss twice where none is declared', oauth, [code, ['iss', 'a'], ['iss', 'b']], 'mix_up'],
    ['endpoints in the answer are not looked at', oauth, [code, ['token_endpoint', 'https://evil.example']], null],
  ])('%s', (_name, profile, query, error) => {
    expect(readCallback(profile, query)).toEqual({ code: error === null ? 'x' : null, error })
  })

  it('the code is found under the utility’s own name for it', () => {
    const pge = utilityOf('PG&E').oauth
    expect(readCallback(pge, [['authorization_code', 'x']])).toEqual({ code: 'x', error: null })
    expect(readCallback(oauth, [['authorization_code', 'x']])).toEqual({ code: null, error: 'malformed' })
  })
})

describe('a scope opens the classes it says', () => {
  const always = '1_3_8_13_14_18_19_31_32_35_37_38_39'
  it.each<[string, string[] | null]>([
    [
      `FB=${always}_4_5_10_15_16_46_47;AdditionalScope=Usage_Billing_Basic_Account_ProgramEnrollment;BR=50036`,
      ['meters', 'bills', 'intervals', 'accounting'],
    ],
    [`FB=${always}_4_5_15;AdditionalScope=Usage`, ['intervals']],
    [`FB=${always}_15_16;AdditionalScope=Billing;IntervalDuration=900_3600`, ['bills']],
    [`FB=${always}_46_47;AdditionalScope=Basic`, ['meters']],
    [`FB=${always}_46_47;AdditionalScope=ProgramEnrollment`, ['meters', 'accounting']],
    [`FB=${always}_4_5_15_16_46_47`, ['meters', 'bills', 'intervals', 'accounting']],
    [`fb=4;ADDITIONALSCOPE=usage`, ['intervals']],
    ['FB%3D4_5%3BIntervalDuration%3D900', ['intervals']],
    [`FB=${always}`, []],
    ['openid profile', null],
    ['', null],
    [';;;=;%', null],
  ])('%s', (text, classes) => {
    expect(classesOf(parseEspiScope(text))).toEqual(classes)
  })
})

describe('errors of a token endpoint become those of RFC 6749', () => {
  const pge = utilityOf('PG&E')
  it.each([
    [400, '{"error":"invalid_grant"}', 400, 'invalid_grant'],
    [403, '<?xml version="1.0"?><Response><error>invalid_grant</error></Response>', 400, 'invalid_grant'],
    [401, 'invalid_client', 401, 'invalid_client'],
    [400, '{"error":"invalid_request","error_description":"Missing grant_type"}', 400, 'invalid_request'],
  ])('%i %s', (status, body, repaired, error) => {
    const answer = { status, headers: {}, bytes: Buffer.from(body) }
    expect(repairTokenAnswer(answer, pge, now)).toEqual({ status: repaired, body: JSON.stringify({ error }) })
  })

  it.each([
    [408, '', 'server_error'],
    [425, '', 'server_error'],
    [302, '', 'redirected'],
    [204, '', 'bad_token_answer'],
    [200, '<html>', 'bad_token_answer'],
  ])('%i %s is the utility’s trouble, not ours: %s', (status, body, code) => {
    const answer = { status, headers: {}, bytes: Buffer.from(body) }
    expect(() => repairTokenAnswer(answer, pge, now)).toThrow(expect.objectContaining({ name: 'Error', code }))
    expect(() => repairTokenAnswer(answer, pge, now)).toThrow(UtilityUnavailable)
  })

  it('the client token is found under the utility’s own name for it', () => {
    const bytes = Buffer.from('{"token_type":"Bearer","client_access_token":"abc","expires_in":"3600","scope":"5+6+7"}')
    const { body } = repairTokenAnswer({ status: 200, headers: {}, bytes }, pge, now)
    expect(JSON.parse(body)).toEqual({ access_token: 'abc', token_type: 'Bearer', expires_in: 3600, scope: '5+6+7' })
  })
})
