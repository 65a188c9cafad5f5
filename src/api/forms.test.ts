import { afterAll, beforeAll, expect, test } from 'vitest'

import { apiFixture, type Fixture, listOf, NOW, words } from '../../test/api-fixture.ts'
import { seedAuthorization } from '../../test/database.ts'

let api: Fixture
beforeAll(async () => void (api = await apiFixture()))
afterAll(async () => await api.close())

const uids = (rows: Record<string, unknown>[]) => rows.map(({ uid }) => uid)

async function addTemplate(disabled = false): Promise<string> {
  const [row] = await api.database.admin(
    `insert into templates (company_uid, member_uid, alias, company_name, company_email, purpose, data_classes,
       history_months, redirect_uris, disabled, logo, logo_type, created, updated)
     values ($1, $2, 'alias-' || md5(random()::text), 'Sunny Solar', 'info@company.example', '{}', '{meters}', 12,
       '{https://company.example/done}', $3, '\\x89504e47', 'image/png', $4, $4) returning template_uid::text as uid`,
    [api.ours.companyUid, api.ours.memberUid, disabled, NOW],
  )
  return String(row?.['uid'])
}

test('a template has every key in order', async () => {
  const uid = await addTemplate()
  const { status, body } = await api.get(`/templates/${uid}`)
  expect(status).toBe(200)
  expect(body).toEqual({
    uid,
    created: '2026-11-25T12:00:00.000000+00:00',
    updated: '2026-11-25T12:00:00.000000+00:00',
    user_email: expect.stringContaining('@'),
    user_uid: api.ours.memberUid,
    disabled: false,
    portal: expect.stringMatching(/^alias-/),
    base_url: `https://proxy.example/authorize/${String(body['portal'])}`,
    redirect_uris: ['https://company.example/done'],
    company_logo: 'data:image/png;base64,iVBORw==',
    company_name: 'Sunny Solar',
    company_email: 'info@company.example',
  })
  expect(Object.keys(body).slice(0, 6)).toEqual(['uid', 'created', 'updated', 'user_email', 'user_uid', 'disabled'])
})

test('templates are listed newest first, by uid, by disabled and page by page', async () => {
  const open = await addTemplate()
  const shut = await addTemplate(true)
  expect(uids(listOf(await api.get('/templates'), 'templates')).slice(0, 2)).toEqual([shut, open])
  expect(uids(listOf(await api.get('/templates?disabled=true'), 'templates'))).toEqual([shut])
  expect(uids(listOf(await api.get(`/templates?uids=${open},${shut}&disabled=false`), 'templates'))).toEqual([open])
  const first = await api.get('/templates?limit=1')
  expect(first.body['next']).toBe(`https://proxy.example/api/v2/templates?limit=1&after=${shut}`)
  expect(uids(listOf(await api.get(String(first.body['next'])), 'templates'))).toEqual([open])
})

test('a form is made from an empty body, of the newest enabled template, with its event', async () => {
  const template = await addTemplate()
  await addTemplate(true)
  const { status, body } = await api.send('POST', '/forms')
  expect(status).toBe(200)
  expect(Object.keys(body)).toEqual(
    words(`
  uid created updated template_uid authorization_uid is_archived disabled user_email user_uid url
  customer_email utility scope`),
  )
  expect(body).toMatchObject({
    template_uid: template,
    authorization_uid: null,
    is_archived: false,
    disabled: false,
    user_uid: api.ours.memberUid,
    url: expect.stringMatching(/^https:\/\/proxy\.example\/authorize\/alias-[0-9a-f]+\?f=[\w-]{20,}$/),
    customer_email: '',
    utility: '',
    scope: {},
  })
  const [event] = listOf(await api.get('/events'), 'events')
  expect(event).toMatchObject({ type: 'form_created', form_uid: body['uid'], is_delivered: false })
})

test('a form takes what it is given; null is empty', async () => {
  const template = await addTemplate()
  await addTemplate()
  const scope = { expires: '7d', ongoing_end: '2027-01-01T00:00:00+00:00', extra: true }
  const given = { template_uid: template, customer_email: 'c@customer.example', utility: 'PG&E', scope }
  const { body } = await api.send('POST', '/forms', given)
  expect(body).toMatchObject(given)
  const nulls = { template_uid: null, authorization_uid: null, customer_email: null, utility: null, scope: null }
  expect((await api.send('POST', '/forms', nulls)).body).toMatchObject({ customer_email: '', utility: '', scope: {} })
})

test('a form that renews takes utility and e-mail from the authorization, unless told otherwise', async () => {
  const uid = api.ours.authorizationUid
  const { body } = await api.send('POST', '/forms', { authorization_uid: Number(uid) })
  expect(body).toMatchObject({ authorization_uid: uid, utility: 'DEMO', customer_email: 'carla@customer.example' })
  const revoked = await seedAuthorization(api.database.db, api.ours, { state: 'revoked' })
  expect((await api.send('POST', '/forms', { authorization_uid: revoked })).status).toBe(400)
})

test.each([
  ['template_uid', '99999'],
  ['template_uid', 'x'],
  ['authorization_uid', '99999'],
  ['customer_email', 'nobody'],
  ['customer_email', 7],
  ['utility', 'ACME'],
  ['utility', 'a\0b'],
  ['scope', 'x'],
  ['scope', []],
  ['scope', { expires: 'soon' }],
  ['scope', { ongoing_end: 'soon' }],
  ['scope', { text: 'a\0b' }],
  ['scope', { text: '\ud800' }],
  ['scope', { text: 'x'.repeat(3000) }],
])('%s %j is refused by name', async (name, value) => {
  const { status, body } = await api.send('POST', '/forms', { [name]: value })
  expect(status).toBe(400)
  expect(body).toMatchObject({ error: 'invalid_param', error_description: expect.stringContaining(`"${name}"`) })
})

test('uids of another company are refused like unknown ones', async () => {
  const foreign = await api.send('POST', '/forms', { template_uid: api.theirs.templateUid })
  const unknown = await api.send('POST', '/forms', { template_uid: '99999' })
  expect(foreign.body).toEqual(unknown.body)
  const theirs = await api.send('POST', '/forms', { authorization_uid: api.theirs.authorizationUid })
  expect(theirs.body).toEqual((await api.send('POST', '/forms', { authorization_uid: '99999' })).body)
})

test('a form changes in what is given only, is archived out of the plain list, and is deleted', async () => {
  const { body } = await api.send('POST', '/forms', { customer_email: 'c@customer.example', utility: 'DEMO' })
  const uid = String(body['uid'])
  const changed = await api.send('PATCH', `/forms/${uid}`, { disabled: true, is_archived: 'true', utility: null })
  expect(changed.body).toEqual({ ...body, disabled: true, is_archived: true, utility: '' })
  const list = async (query: string) => uids(listOf(await api.get(`/forms?${query}`), 'forms'))
  expect(await list('')).not.toContain(uid)
  expect(await list('is_archived=True')).toEqual([uid])
  expect(await list(`uids=${uid}`)).toEqual([uid])
  expect(await list(`uids=${uid}&is_archived=false`)).toEqual([])
  expect(await list(`uids=${uid}&templates=99999`)).toEqual([])
  expect(await list(`uids=${uid}&users=${api.ours.memberUid}&disabled=true`)).toEqual([uid])
  expect((await api.send('PATCH', `/forms/${uid}`, { disabled: 'perhaps' })).body).toMatchObject({
    error: 'invalid_param',
  })
  expect((await api.send('DELETE', `/forms/${uid}`)).body).toEqual({ success: true })
  expect((await api.get(`/forms/${uid}`)).status).toBe(404)
  expect((await api.send('DELETE', `/forms/${uid}`)).status).toBe(404)
})

test('forms are listed newest first, page by page', async () => {
  const made = [await api.send('POST', '/forms'), await api.send('POST', '/forms')].map(({ body }) => body['uid'])
  const first = await api.get('/forms?limit=1')
  const second = await api.get(String(first.body['next']))
  expect([...listOf(first, 'forms'), ...listOf(second, 'forms')].map(({ uid }) => uid)).toEqual(made.toReversed())
})

test('without an enabled template a form needs one named', async () => {
  await api.database.admin('update templates set disabled = true where company_uid = $1', [api.theirs.companyUid])
  const { status, body } = await api.send('POST', '/forms', undefined, 'token-theirs')
  expect([status, body['error']]).toEqual([400, 'required_param_missing'])
})
