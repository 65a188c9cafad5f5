import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import {
  address,
  filled,
  granted,
  type PathBench,
  pathBench,
  PUBLIC_URL,
  started,
  tally,
} from '../../test/customer-path.ts'
import { type FormRow, insertForm } from '../storage/forms.ts'

let bench: PathBench
beforeAll(async () => {
  bench = await pathBench()
  await bench.database.admin('update templates set redirect_uris = $1', [
    ['https://solar.example/done', 'https://solar.example/other?a=1'],
  ])
})
afterAll(async () => await bench.close())

async function newForm(over: Partial<FormRow> = {}): Promise<FormRow> {
  const { companyUid, templateUid, memberUid } = bench.company
  const created = bench.clock.now
  return await bench.database.db.operator((tx) =>
    insertForm(tx, {
      companyUid,
      templateUid,
      memberUid,
      key: crypto.randomUUID(),
      authorizationUid: null,
      customerEmail: '',
      utility: '',
      scope: {},
      isArchived: false,
      disabled: false,
      expires: null,
      created,
      updated: created,
      ...over,
    }),
  )
}

describe('an address to return to that is not registered ends on our own page', () => {
  it.each([
    ['protocol-relative', '//solar.example/done'],
    ['backslash', 'https:\\\\solar.example/done'],
    ['backslash before the host', 'https://solar.example\\@evil.example/done'],
    ['user part', 'https://solar.example@evil.example/done'],
    ['user part on the right host', 'https://a:b@solar.example/done'],
    ['suffix look-alike', 'https://solar.example.evil.example/done'],
    ['prefix look-alike', 'https://evilsolar.example/done'],
    ['javascript', 'javascript:alert(1)'],
    ['data', 'data:text/html,x'],
    ['line break', 'https://solar.example/done\r\nSet-Cookie: a=b'],
    ['homograph', 'https://sоlar.example/done'],
    ['unregistered path', 'https://solar.example/done/../evil'],
    ['unregistered query', 'https://solar.example/done?next=https://evil.example'],
    ['fragment', 'https://solar.example/done#x'],
    ['plain http', 'http://solar.example/done'],
    ['other port', 'https://solar.example:8443/done'],
    ['empty', ' '],
  ])('%s', async (_name, redirectUri) => {
    const at = address({ redirectUri })
    expect(await bench.path.form(at)).toEqual({ end: 'bad_redirect_uri' })
    const input = await filled(bench.path, address())
    expect(await bench.path.start(at, input, null)).toEqual({ end: 'bad_redirect_uri' })
    expect(await bench.path.decline(at, input)).toEqual({ redirect: null, end: 'declined_at_form' })
  })

  it('a registered one gets the referral and the state, written as we please', async () => {
    const at = address({ redirectUri: 'HTTPS://SOLAR.example:443/done', state: 'a b&c' })
    const { flowUid, cookie } = await granted(bench, { at })
    const done = await bench.path.confirm(flowUid, cookie)
    if ('end' in done) throw new Error(done.end)
    const back = new URL(done.redirect ?? '')
    expect(`${back.origin}${back.pathname}`).toBe('https://solar.example/done')
    expect(back.searchParams.get('state')).toBe('a b&c')
    const [referral] = await bench.database.admin('select authorization_uid from referrals where code = $1', [
      back.searchParams.get('referral'),
    ])
    expect(referral?.['authorization_uid']).toBe(bench.owed.at(-1)?.authorizationUid)
  })

  it('the first registered one is the default, unless the link says no', async () => {
    const declined = await bench.path.decline(address(), { name: '', email: '' })
    expect(declined.redirect).toBe(
      'https://solar.example/done?error=access_denied&error_description=The+customer+declined.',
    )
    expect((await bench.path.decline(address({ noRedirect: true }), { name: '', email: '' })).redirect).toBeNull()
  })
})

describe('a link', () => {
  it('is not used up by being opened', async () => {
    const { key } = await newForm()
    for (let visit = 0; visit < 5; visit++)
      expect(await bench.path.form(address({ key }))).toHaveProperty('consentVersion')
    await started(bench.path, address({ key }))
    await started(bench.path, address({ key }))
  })

  it.each<[string, () => Promise<Parameters<typeof address>[0]>]>([
    ['an unknown company', () => Promise.resolve({ alias: 'nobody' })],
    ['a guessed key', () => Promise.resolve({ key: 'A'.repeat(22) })],
    ['an empty key', () => Promise.resolve({ key: '' })],
    ['a utility that is none', () => Promise.resolve({ utilitySlug: 'nowhere' })],
    ['a key of another company’s form', async () => ({ key: (await foreignForm()).key })],
  ])('%s answers like any unknown one', async (_name, at) => {
    const asked = address(await at())
    expect(await bench.path.form(asked)).toEqual({ end: 'unknown_link' })
    const input = await filled(bench.path, address())
    expect(await bench.path.start(asked, input, null)).toEqual({ end: 'unknown_link' })
  })

  it('expired or disabled starts nothing', async () => {
    const expired = await newForm({ expires: bench.clock.now })
    const disabled = await newForm({ disabled: true })
    const archived = await newForm({ isArchived: true })
    expect(await bench.path.form(address({ key: expired.key }))).toEqual({ end: 'form_expired' })
    expect(await bench.path.form(address({ key: disabled.key }))).toEqual({ end: 'form_disabled' })
    expect(await bench.path.form(address({ key: archived.key }))).toEqual({ end: 'form_disabled' })
  })

  it('disabled while the customer is at the utility takes no grant', async () => {
    const form = await newForm()
    const { redirect, cookie } = await started(bench.path, address({ key: form.key }))
    await bench.database.admin('update forms set disabled = true where form_uid = $1', [form.formUid])
    const before = await tally(bench)
    const state = new URL(redirect).searchParams.get('state') ?? ''
    const result = await bench.path.callback(
      'demo',
      [
        ['code', 'x'],
        ['state', state],
      ],
      cookie,
    )
    expect(result).toMatchObject({ end: 'form_disabled' })
    expect((await tally(bench)).codes).toBe(before.codes)
  })

  it('disabled before the final step cannot be confirmed', async () => {
    const form = await newForm()
    const { flowUid, cookie } = await granted(bench, { at: address({ key: form.key }) })
    await bench.database.admin('update forms set disabled = true where form_uid = $1', [form.formUid])
    expect(await bench.path.confirm(flowUid, cookie)).toMatchObject({ end: 'form_disabled' })
  })

  it.each<[Record<string, unknown>, string, string]>([
    [{}, '2027-07-15', '2029-07-15'],
    [{ expires: '7d' }, '2026-07-22', '2029-07-15'],
    [{ expires: '2w' }, '2026-07-29', '2029-07-15'],
    [{ expires: '3m' }, '2026-10-15', '2029-07-15'],
    [{ expires: '3y' }, '2029-07-15', '2029-07-15'],
    [{ expires: '9y' }, '2029-07-15', '2029-07-15'],
    [{ expires: 'until_revoked' }, '2027-07-15', '2029-07-15'],
    [{ expires: '2026-12-31T23:00:00-08:00' }, '2026-12-31', '2029-07-15'],
    [{ expires: '2026-12-31' }, '2026-12-31', '2029-07-15'],
    [{ ongoing_end: '2026-09-01T00:00:00Z' }, '2026-08-31', '2026-08-31'],
    [{ expires: '2020-01-01T00:00:00Z' }, '2026-07-16', '2029-07-15'],
    [{ expires: 7, ongoing_end: 'soon' }, '2027-07-15', '2029-07-15'],
  ])('with scope %j suggests an end of %s, at most %s', async (scope, defaultEnd, maxEnd) => {
    const { key } = await newForm({ scope })
    expect(await bench.path.form(address({ key }))).toMatchObject({ defaultEnd, maxEnd })
  })

  it('prefills what its form says, and fixes the utility', async () => {
    const { key } = await newForm({ customerEmail: 'x@customer.example', utility: 'SCE' })
    expect(await bench.path.form(address({ key, utilitySlug: null, email: 'other@customer.example' }))).toMatchObject({
      prefill: { name: '', email: 'x@customer.example' },
      utility: { slug: 'sce' },
    })
    expect(await bench.path.form(address({ key, utilitySlug: 'demo' }))).toMatchObject({ utility: { slug: 'sce' } })
    expect(await bench.path.form(address({ utilitySlug: null }))).toMatchObject({
      utility: null,
      utilities: [{ slug: 'pge' }, { slug: 'sce' }, { slug: 'demo' }],
    })
  })
})

async function foreignForm(): Promise<FormRow> {
  const { database, clock } = bench
  const unique = crypto.randomUUID().slice(0, 8)
  const [company] = await database.admin(
    `insert into companies (alias, name, legal_name, email, created) values ($1, 'Other', 'Other', 'o@o.example', $2)
     returning company_uid`,
    [`other-${unique}`, clock.now],
  )
  const [template] = await database.admin(
    `insert into templates (company_uid, member_uid, alias, company_name, company_email, purpose, data_classes,
       history_months, created, updated)
     select $1, member_uid, $2, company_name, company_email, purpose, data_classes, history_months, created, updated
     from templates limit 1 returning template_uid`,
    [company?.['company_uid'], `other-${unique}`],
  )
  return await newForm({
    templateUid: String(template?.['template_uid']),
    companyUid: String(company?.['company_uid']),
  })
}

describe('what the customer types', () => {
  it.each([
    ['name', '', 'name_missing'],
    ['name', '   ', 'name_missing'],
    ['name', 'x'.repeat(201), 'name_too_long'],
    ['name', 'Carla\r\nBcc: all@customer.example', 'name'],
    ['name', 'Carla \u202egnp', 'name'],
    ['name', '<b>Carla</b>', 'name'],
    ['email', '', 'email_missing'],
    ['email', 'carla', 'email'],
    ['email', 'a@b@c.example', 'email'],
    ['email', 'carla@customer.example\nBcc: x@y.example', 'email'],
    ['email', 'carla@customer', 'email'],
    ['endDate', '2026-07-15', 'end_past'],
    ['endDate', '2020-01-01', 'end_past'],
    ['endDate', '2029-07-16', 'end_too_late'],
    ['endDate', '2027-02-30', 'endDate'],
    ['endDate', 'never', 'endDate'],
  ])('%s %j is refused', async (field, value, code) => {
    const at = address()
    const input = { ...(await filled(bench.path, at)), [field]: value }
    expect(await bench.path.start(at, input, null)).toEqual({ errors: { [field]: code } })
  })

  it.each([
    ['endDate', '2026-07-16'],
    ['endDate', '2029-07-15'],
    ['name', 'José Ñandú-O’Neill 王'],
    ['email', 'carla+solar@customer.example'],
  ])('%s %j is taken', async (field, value) => {
    const at = address()
    expect(await bench.path.start(at, { ...(await filled(bench.path, at)), [field]: value }, null)).toHaveProperty(
      'redirect',
    )
  })

  it('without a utility chosen, and with one that is not offered', async () => {
    const at = address({ utilitySlug: null })
    const input = await filled(bench.path, at)
    expect(await bench.path.start(at, { ...input, utilitySlug: '' }, null)).toEqual({
      errors: { utilitySlug: 'utility_missing' },
    })
    expect(await bench.path.start(at, { ...input, utilitySlug: 'xyz' }, null)).toEqual({
      errors: { utilitySlug: 'utilitySlug' },
    })
  })
})

describe('nobody agrees to another text than was shown', () => {
  it('a change of template between form and post asks anew', async () => {
    const at = address()
    const input = await filled(bench.path, at)
    await bench.database.admin(`update templates set history_months = 12`)
    expect(await bench.path.start(at, input, null)).toEqual({ end: 'text_changed' })
    await bench.database.admin(`update templates set history_months = 24`)
    expect(await bench.path.start(at, { ...input, consentVersion: 'forged' }, null)).toEqual({ end: 'text_changed' })
    expect(await bench.path.start({ ...at, language: 'es' }, input, null)).toEqual({ end: 'text_changed' })
  })

  it('a template widened after the start does not widen what was asked', async () => {
    await bench.database.admin(`update templates set data_classes = array['intervals'], purpose = '{"en": "First."}'`)
    const { flowUid, cookie } = await granted(bench)
    await bench.database.admin(
      `update templates set data_classes = array['meters', 'bills', 'intervals', 'accounting'], purpose = '{"en": "Second."}', history_months = 48`,
    )
    expect(await bench.path.grant(flowUid, cookie)).toMatchObject({
      dataClasses: ['intervals'],
      form: { purpose: 'First.', historyMonths: 24 },
    })
    await bench.path.confirm(flowUid, cookie)
    const uid = bench.owed.at(-1)?.authorizationUid
    const [consent] = await bench.database.admin('select * from consents where authorization_uid = $1', [uid])
    expect(consent).toMatchObject({ purpose: 'First.', data_classes: ['intervals'], language: 'en', method: 'form' })
    expect(consent?.['text_shown']).toContain('First.')
    await bench.database.admin(`update templates set history_months = 24, purpose = '{"en": "Third."}'`)
  })

  it('only the flow’s own browser sees or confirms the final step', async () => {
    const { flowUid, cookie } = await granted(bench)
    const stranger = (await granted(bench)).cookie
    const ended = { end: 'other_browser', retry: null, redirect: null }
    for (const other of [null, '', stranger, `${cookie}x`]) {
      expect(await bench.path.grant(flowUid, other)).toEqual(ended)
      expect(await bench.path.confirm(flowUid, other)).toEqual(ended)
      expect(await bench.path.withdraw(flowUid, other)).toEqual({ end: 'other_browser', redirect: null })
    }
    expect(await bench.path.grant('999999', cookie)).toEqual(ended)
  })
})

it('nothing secret of a flow is stored in the clear', async () => {
  const { redirect, cookie } = await started(bench.path)
  const url = new URL(redirect)
  const state = url.searchParams.get('state') ?? ''
  expect(url.searchParams.get('code_challenge_method')).toBe('S256')
  expect(url.searchParams.get('redirect_uri')).toBe(`${PUBLIC_URL}/utilities/demo/callback`)
  const rows = await bench.database.admin('select flows::text as row from flows')
  expect(rows.some((row) => String(row['row']).includes(state) || String(row['row']).includes(cookie))).toBe(false)
})

it('a disabled template is offered to nobody', async () => {
  const offered = async (): Promise<string> => JSON.stringify(await bench.path.portal('pge', []))
  expect(await offered()).toContain('"sunrise-solar"')
  await bench.database.admin(`update templates set disabled = true where alias = 'sunrise-solar'`)
  expect(await bench.path.form(address())).toEqual({ end: 'form_disabled' })
  expect(await offered()).not.toContain('"sunrise-solar"')
})
