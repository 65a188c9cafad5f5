import { describe, expect, test } from 'vitest'

import { type Bench, type Caller, fieldsOf, openCaller, useBench } from './accounts-bench.ts'

let bench: Bench
let caller: Caller
useBench('objects', async (opened) => {
  bench = opened
  caller = await openCaller(bench)
})

describe('external_id and metadata', () => {
  const places = () => [
    `/forms/${caller.objects.form}`,
    `/authorizations/${caller.objects.authorization}`,
    `/meters/${caller.objects.meter}`,
  ]

  test('are set and found on v3, and v2 knows nothing of them', async () => {
    for (const place of places()) {
      const list = `/${place.split('/')[1] ?? ''}`
      const labels = { external_id: `order ${list}, 7`, metadata: { site: 'A-1', 'crm:ref': '7' } }
      expect((await caller.send('PATCH', `/api/v3${place}`, labels)).body).toMatchObject(labels)
      const v2 = await caller.send('GET', `/api/v2${place}`)
      const patched = await caller.send('PATCH', `/api/v2${place}`, { external_id: 'x', metadata: { a: 'b' } })
      expect(Object.keys(v2.body).filter((key) => key in labels)).toEqual([])
      expect(Object.keys(patched.body)).toEqual(Object.keys(v2.body))
      const found = await caller.send('GET', `/api/v3${list}?external_id=${encodeURIComponent(labels.external_id)}`)
      expect(JSON.parse(found.text)).toMatchObject({ [list.slice(1)]: [labels], next: null })
      expect((await caller.send('GET', `/api/v3${list}?external_id=order`)).text).not.toContain('A-1')
      expect((await caller.send('PATCH', `/api/v3${place}`, { metadata: null })).body).toMatchObject({
        ...labels,
        metadata: {},
      })
      expect((await caller.send('PATCH', `/api/v3${place}`, { external_id: null })).body).toMatchObject({
        external_id: null,
      })
    }
  })

  test('of a form are given when it is made, and one company does not find those of another', async () => {
    const labels = { external_id: 'same', metadata: { a: 'b' } }
    const made = await caller.send('POST', '/api/v3/forms', labels)
    expect(made.body).toMatchObject(labels)
    const theirs = await bench.token({ of: 'theirs' })
    expect((await bench.api.get('/api/v3/forms?external_id=same', theirs)).text).not.toContain('same"')
    const nested = await caller.send(
      'GET',
      `/api/v3/authorizations?include=meters&uids=${caller.objects.authorization}`,
    )
    expect(nested.text.match(/"external_id"/g)).toHaveLength(2)
  })

  test.each([
    ['external_id', ''],
    ['external_id', 'x'.repeat(201)],
    ['external_id', 'a\0'],
    ['external_id', 7],
    ['external_id', ['a']],
    ['metadata', 'a=b'],
    ['metadata', []],
    ['metadata', { a: 1 }],
    ['metadata', { a: null }],
    ['metadata', { a: { b: 'c' } }],
    ['metadata', { '': 'x' }],
    ['metadata', { 'a b': 'x' }],
    ['metadata', { ['k'.repeat(41)]: 'x' }],
    ['metadata', { a: 'x'.repeat(501) }],
    ['metadata', { a: '\0' }],
    ['metadata', Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'x']))],
  ])('%s is never %j', async (field, value) => {
    for (const place of places()) {
      const refused = await caller.send('PATCH', `/api/v3${place}`, { [field]: value })
      expect([refused.status, fieldsOf(refused)]).toEqual([400, [field]])
    }
  })
})

describe('a template', () => {
  const whole = {
    portal: 'our-own',
    company_name: 'Own',
    company_email: 'a@company.example',
    purpose: { en: 'To plan.' },
  }
  const png = (address: string): string => `data:image/png;base64,${address}`
  const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

  test('is made, changed and deleted, and what comes behind its logo is not kept', async () => {
    const trailing = Buffer.concat([Buffer.from(pixel, 'base64'), Buffer.from('<script>')]).toString('base64')
    const made = await caller.send('POST', '/api/v3/templates', { ...whole, company_logo: png(trailing) })
    expect(made.body).toMatchObject({ ...whole, company_logo: png(pixel), max_months: 36, disabled: false })
    const place = `/api/v3/templates/${String(made.body['uid'])}`
    const changed = await caller.send('PATCH', place, {
      company_logo: null,
      max_months: 12,
      terms_url: 'https://company.example/t',
    })
    expect(changed.body).toMatchObject({
      ...whole,
      company_logo: '',
      max_months: 12,
      terms_url: 'https://company.example/t',
    })
    const v2 = await caller.send('GET', place.replace('v3', 'v2'))
    expect(Object.keys(v2.body)).toHaveLength(12)
    const form = await caller.send('POST', '/api/v3/forms', { template_uid: made.body['uid'] })
    expect((await caller.send('DELETE', place)).status).toBe(403)
    await caller.send('DELETE', `/api/v3/forms/${String(form.body['uid'])}`)
    expect([(await caller.send('DELETE', place)).status, (await caller.send('GET', place)).status]).toEqual([200, 404])
  })

  test.each([
    ['portal', 'Our-Own'],
    ['portal', '../etc'],
    ['portal', 'а-own'],
    ['company_name', ''],
    ['company_name', 'PG&E Savings'],
    ['company_name', 'pacific  GAS and electric rebates'],
    ['company_name', 'Ｇreen Ｂutton'],
    ['company_name', 'a\nb'],
    ['company_email', 'nobody'],
    ['company_logo', 'data:image/svg+xml;base64,PHN2Zz4='],
    ['company_logo', 'https://evil.example/logo.png'],
    ['company_logo', `data:image/png;base64,${Buffer.from('<script>').toString('base64')}`],
    ['company_logo', `data:image/png;base64,${pixel.replace('AAAAB', 'AAAAC')}`],
    ['company_logo', `data:image/png;base64,${pixel.slice(0, 60)}`],
    ['purpose', { es: 'Para planificar.' }],
    ['purpose', { en: 'To plan.', fr: 'Planifier.' }],
    ['purpose', 'To plan.'],
    ['data_classes', []],
    ['data_classes', ['everything']],
    ['history_months', 49],
    ['default_months', 37],
    ['default_months', '12'],
    ['max_months', 11],
    ['redirect_uris', ['javascript:alert(1)']],
    ['redirect_uris', ['http://company.example/']],
    ['redirect_uris', ['https://company.example@evil.example/']],
    ['redirect_uris', ['https://company.example/#x']],
    ['redirect_uris', Array.from({ length: 21 }, (_, n) => `https://company.example/${n}`)],
    ['terms_url', 'http://localhost/'],
    ['privacy_url', 'javascript:alert(1)'],
    ['monitoring', 'hourly'],
    ['disabled', 'true'],
    ['member_uid', '1'],
  ])('never has the %s %j', async (field, value) => {
    const refused = await caller.send('POST', '/api/v3/templates', { ...whole, [field]: value })
    const named = field === 'max_months' ? 'default_months' : field
    expect([refused.status, fieldsOf(refused)]).toEqual([400, [named]])
    const changed = await caller.send('PATCH', `/api/v3/templates/${caller.objects.template}`, { [field]: value })
    expect([changed.status, fieldsOf(changed)]).toEqual([400, [named]])
  })

  test('has an address of its own at the whole server', async () => {
    const body = { ...whole, portal: 'taken-by-us' }
    expect((await caller.send('POST', '/api/v3/templates', body)).status).toBe(200)
    const theirs = await bench.token({ of: 'theirs' })
    const refused = await bench.api.send('POST', '/api/v3/templates', body, theirs)
    expect([refused.status, fieldsOf(refused)]).toEqual([400, ['portal']])
    const changed = await caller.send('PATCH', `/api/v3/templates/${caller.objects.template}`, {
      portal: 'taken-by-us',
    })
    expect([changed.status, fieldsOf(changed)]).toEqual([400, ['portal']])
  })
})

test('no answer was a fault of ours, and no log line tells of one', () => {
  expect(bench.logs.filter((line) => line.includes('an API request failed'))).toEqual([])
})
