import { describe, expect, test } from 'vitest'

import { type Role, SCOPES } from '../../../src/model/roles.ts'
import type { Answer } from '../../api-fixture.ts'
import { sized } from '../size.ts'
import { type Bench, fieldsOf, useBench } from './accounts-bench.ts'

const RACES = sized(50, 8)

let bench: Bench
/** A token of somebody of each role, and whose it is. */
const people = new Map<Role, { token: string; uid: string }>()
let foreign: string
useBench('roles', async (opened) => {
  bench = opened
  for (const role of ['viewer', 'member', 'admin', 'owner'] as const) {
    const uid = await bench.member(role)
    people.set(role, { uid, token: await bench.token({ memberUid: uid }) })
  }
  foreign = await bench.member('viewer', 'theirs')
})

const of = (role: Role): { token: string; uid: string } => people.get(role) ?? { token: '', uid: '' }
type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'
const as = async (role: Role, method: Method, address: string, body?: object): Promise<Answer> =>
  await bench.api.send(method, `/api/v3${address}`, body, of(role).token)

/** What nobody may do: who tries, what, and the field that the refusal names (none: it is about the whole). */
const ESCALATIONS: [string, Role, () => [Method, string, object?], number, string[]][] = [
  ['an admin adds an owner', 'admin', () => ['POST', '/members', added('owner')], 403, ['role']],
  [
    'an admin makes themselves owner',
    'admin',
    () => ['PATCH', `/members/${of('admin').uid}`, { role: 'owner' }],
    403,
    ['role'],
  ],
  [
    'an admin makes a viewer owner',
    'admin',
    () => ['PATCH', `/members/${of('viewer').uid}`, { role: 'owner' }],
    403,
    ['role'],
  ],
  ['an admin demotes an owner', 'admin', () => ['PATCH', `/members/${of('owner').uid}`, { role: 'viewer' }], 403, []],
  ['an admin renames an owner', 'admin', () => ['PATCH', `/members/${of('owner').uid}`, { name: 'x' }], 403, []],
  ['an admin removes an owner', 'admin', () => ['DELETE', `/members/${of('owner').uid}`], 403, []],
  ['an admin makes a token of an owner', 'admin', () => ['POST', '/tokens', tokenFor('owner')], 403, ['user_uid']],
  [
    'a member makes themselves admin',
    'member',
    () => ['PATCH', `/members/${of('member').uid}`, { role: 'admin' }],
    403,
    [],
  ],
  ['a member makes a token', 'member', () => ['POST', '/tokens', { name: 'x', scopes: ['read'] }], 403, []],
  ['a member lists tokens', 'member', () => ['GET', '/tokens'], 403, []],
  ['a viewer adds a member', 'viewer', () => ['POST', '/members', added('viewer')], 403, []],
  ['a viewer makes a form', 'viewer', () => ['POST', '/forms'], 403, []],
  [
    'a token of a viewer that may do more',
    'admin',
    () => ['POST', '/tokens', tokenFor('viewer', ['read', 'forms'])],
    400,
    ['scopes'],
  ],
  [
    'a token of a member with account',
    'owner',
    () => ['POST', '/tokens', tokenFor('member', ['account'])],
    400,
    ['scopes'],
  ],
  [
    'a token of somebody elsewhere',
    'owner',
    () => ['POST', '/tokens', { name: 'x', scopes: ['read'], user_uid: foreign }],
    400,
    ['user_uid'],
  ],
  ['somebody elsewhere gets another role', 'owner', () => ['PATCH', `/members/${foreign}`, { role: 'owner' }], 404, []],
  ['somebody elsewhere is removed', 'owner', () => ['DELETE', `/members/${foreign}`], 404, []],
  ['a role that is none', 'owner', () => ['POST', '/members', { ...added('owner'), role: 'operator' }], 400, ['role']],
  ['a role in upper case', 'owner', () => ['PATCH', `/members/${of('viewer').uid}`, { role: 'OWNER' }], 400, ['role']],
  [
    'a list of roles',
    'owner',
    () => ['PATCH', `/members/${of('viewer').uid}`, { role: ['viewer', 'owner'] }],
    400,
    ['role'],
  ],
  [
    'a member of another company',
    'owner',
    () => ['POST', '/members', { ...added('viewer'), company_uid: '1' }],
    400,
    ['company_uid'],
  ],
  [
    'scopes of a member',
    'owner',
    () => ['PATCH', `/members/${of('viewer').uid}`, { scopes: ['account'] }],
    400,
    ['scopes'],
  ],
]

let addresses = 0
const added = (role: Role): object => ({ email: `new-${++addresses}@company.example`, name: 'New', role })
const tokenFor = (role: Role, scopes: string[] = ['read']): object => ({ name: 'x', scopes, user_uid: of(role).uid })

describe('nobody rises:', () => {
  test.each(ESCALATIONS)('%s', async (_, role, request, status, fields) => {
    const before = await bench.api.database.admin('select member_uid, role, removed, name from members order by 1')
    const answer = await as(role, ...request())
    expect([answer.status, fieldsOf(answer)]).toEqual([status, fields])
    expect(await bench.api.database.admin('select member_uid, role, removed, name from members order by 1')).toEqual(
      before,
    )
  })

  test('a token makes none that may do more than itself, and rotates none', async () => {
    const memberUid = of('owner').uid
    const [narrow, wide] = [
      await bench.token({ memberUid, scopes: ['account', 'read'] }),
      await bench.api.send('POST', '/api/v3/tokens', { name: 'wide', scopes: SCOPES }, of('owner').token),
    ]
    const make = async (scopes: string[]) =>
      await bench.api.send('POST', '/api/v3/tokens', { name: 'x', scopes }, narrow)
    for (const scope of SCOPES) {
      const isHeld = scope === 'account' || scope === 'read'
      const answer = await make([scope])
      expect([scope, answer.status, fieldsOf(answer)]).toEqual([scope, isHeld ? 200 : 403, isHeld ? [] : ['scopes']])
    }
    expect((await make(['read', 'webhooks'])).status).toBe(403)
    const rotated = await bench.api.send('POST', `/api/v3/tokens/${String(wide.body['uid'])}/rotate`, undefined, narrow)
    expect([rotated.status, fieldsOf(rotated)]).toEqual([403, ['scopes']])
    expect((await bench.api.get('/forms', String(wide.body['token']))).status).toBe(200)
  })

  test.each(['rotate', 'revoke'])('an admin cannot %s a token of an owner', async (action) => {
    const made = await as('owner', 'POST', '/tokens', { name: 'mine', scopes: ['read'] })
    const address = `/tokens/${String(made.body['uid'])}`
    const refused =
      action === 'rotate' ? await as('admin', 'POST', `${address}/rotate`) : await as('admin', 'DELETE', address)
    expect([refused.status, refused.text.includes('gbp_')]).toEqual([403, false])
    expect((await bench.api.get('/forms', String(made.body['token']))).status).toBe(200)
  })
})

describe('a role that changes', () => {
  test('changes what every token of the member may do, with the next request, and back', async () => {
    const memberUid = await bench.member('admin')
    const token = await bench.token({ memberUid })
    const may = async () => (await bench.api.get('/api/v3/tokens', token)).status
    expect(await may()).toBe(200)
    await as('owner', 'PATCH', `/members/${memberUid}`, { role: 'viewer' })
    expect([await may(), (await bench.api.get('/forms', token)).status]).toEqual([403, 200])
    await as('owner', 'PATCH', `/members/${memberUid}`, { role: 'admin' })
    expect(await may()).toBe(200)
  })

  test('leaves a company its last owner, who cannot be removed or demoted', async () => {
    const { theirs } = bench.api
    const token = await bench.token({ of: 'theirs', memberUid: theirs.memberUid })
    const address = `/api/v3/members/${theirs.memberUid}`
    const demoted = await bench.api.send('PATCH', address, { role: 'admin' }, token)
    expect([demoted.status, fieldsOf(demoted)]).toEqual([403, ['role']])
    expect((await bench.api.send('DELETE', address, undefined, token)).status).toBe(403)
    expect((await bench.api.send('PATCH', address, { role: 'owner', name: 'Still here' }, token)).status).toBe(200)
    const second = await bench.member('owner', 'theirs')
    expect((await bench.api.send('DELETE', `/api/v3/members/${second}`, undefined, token)).status).toBe(200)
  })

  test(`leaves one owner when all go at once, ${RACES} times`, async () => {
    const { admin } = bench.api.database
    for (let race = 0; race < RACES; race++) {
      const owners = await Promise.all([1, 2].map(async () => await bench.member('owner', 'theirs')))
      await admin(`update members set role = 'admin' where company_uid = $1 and not member_uid = any($2)`, [
        bench.api.theirs.companyUid,
        owners,
      ])
      const tokens = await Promise.all(owners.map(async (memberUid) => await bench.token({ of: 'theirs', memberUid })))
      const [a = '', b = ''] = owners
      const left = await Promise.all([
        bench.api.send('PATCH', `/api/v3/members/${a}`, { role: 'admin' }, tokens[0]),
        bench.api.send('DELETE', `/api/v3/members/${b}`, undefined, tokens[1]),
      ])
      expect(left.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 403])
      const count = `select count(*)::int as n from members where company_uid = $1 and role = 'owner' and removed is null`
      expect(await admin(count, [bench.api.theirs.companyUid])).toEqual([{ n: 1 }])
    }
  })
})

describe('a member', () => {
  test('who was removed is nowhere, may be added again, and what they made stays', async () => {
    const body = { email: 'gone@company.example', name: 'Gone', role: 'member' }
    const made = await as('owner', 'POST', '/members', body)
    const uid = String(made.body['uid'])
    const form = await bench.api.send('POST', '/api/v3/forms', {}, await bench.token({ memberUid: uid }))
    await as('owner', 'DELETE', `/members/${uid}`)
    for (const method of ['GET', 'PATCH', 'DELETE'] as const)
      expect(
        (await as('owner', method, `/members/${uid}`, method === 'PATCH' ? { name: 'x' } : undefined)).status,
      ).toBe(404)
    expect((await as('owner', 'POST', '/tokens', { name: 'x', scopes: ['read'], user_uid: uid })).status).toBe(400)
    expect((await as('owner', 'GET', '/members')).text).not.toContain('gone@company.example')
    const kept = await as('owner', 'GET', `/forms/${String(form.body['uid'])}`)
    expect(kept.body).toMatchObject({ user_uid: uid, user_email: 'gone@company.example' })
    const again = await as('owner', 'POST', '/members', { ...body, email: 'GONE@company.example' })
    expect([again.status, again.body['uid'] === uid]).toEqual([200, false])
  })

  test('has an address once in a company, in whatever case, and it is not told whether others know it', async () => {
    const body = { email: 'Once@company.example', name: 'Once', role: 'viewer' }
    expect((await as('owner', 'POST', '/members', body)).status).toBe(200)
    const again = await as('owner', 'POST', '/members', { ...body, email: 'oNCE@company.example' })
    expect([again.status, fieldsOf(again)]).toEqual([400, ['email']])
    const elsewhere = await bench.api.send('POST', '/api/v3/members', body, await bench.token({ of: 'theirs' }))
    expect(elsewhere.status).toBe(200)
  })

  test.each([
    '',
    'x',
    'a@b',
    'a@b.example\r\nBcc: c@d.example',
    'a\0@b.example',
    `${'a'.repeat(250)}@b.example`,
    null,
    ['a@b.example'],
  ])('has no address like %j', async (email) => {
    const refused = await as('owner', 'POST', '/members', { email, name: 'x', role: 'viewer' })
    expect([refused.status, fieldsOf(refused)]).toEqual([400, ['email']])
  })
})

test('what is done to members and tokens is in the audit log, without addresses and tokens', async () => {
  const rows = await bench.api.database.admin('select action, details::text as details from audit_entries')
  const actions = new Set(rows.map(({ action }) => String(action)))
  for (const action of ['member_added', 'member_role_changed', 'member_removed', 'token_made'])
    expect(actions).toContain(action)
  expect(rows.filter(({ details }) => /@|gbp_/.test(String(details)))).toEqual([])
})
