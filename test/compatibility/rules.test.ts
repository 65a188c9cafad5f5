import { createServer } from 'node:http'
import { once } from 'node:events'

import { describe, expect, it } from 'vitest'

import { ask, nextFaults, wireFaults } from './exchange.ts'
import { bodyFaults, faultsOf, type Kind, RULES } from './rules.ts'
import { SAMPLES } from './samples.ts'
import { recordOf, recordsOf } from './walk.ts'
import { printedAnew, signatureFaults, webhookFaults } from './webhook-rules.ts'

type Broken = [protects: string, of: Kind, change: (sample: Record<string, unknown>) => object]

const first = (value: unknown): Record<string, unknown> => recordsOf(value)[0] ?? {}
const less = (sample: object, key: string): object =>
  Object.fromEntries(Object.entries(sample).filter(([name]) => name !== key))
/** The object of this kind without a key; within its block of this name, where one is given. */
const without = (key: string) => (sample: object) => less(sample, key)
const blockWithout = (block: string, key: string) => (sample: Record<string, unknown>) => ({
  ...sample,
  [block]: less(recordOf(sample[block]), key),
})
const blockWith = (block: string, more: object) => (sample: Record<string, unknown>) => ({
  ...sample,
  [block]: { ...recordOf(sample[block]), ...more },
})
/** The first of a list with something else in it. */
const itemWith = (list: string, more: object) => (sample: Record<string, unknown>) => ({
  ...sample,
  [list]: [{ ...first(sample[list]), ...more }],
})
const to = (more: object) => (sample: object) => ({ ...sample, ...more })

/** At least one document for each rule that breaks it. */
const BROKEN: readonly Broken[] = [
  ['keep uids as numbers', 'body', itemWith('events', { uid: '12382-123111' })],
  ['keep uids as numbers', 'body', itemWith('events', { meter_uid: '9223372036854775808' })],
  ['keep uids as numbers', 'body', itemWith('events', { meter_uids: ['1', 2] })],
  ['six decimals and an offset', 'body', itemWith('events', { ts: '2026-11-26T12:00:00.000Z' })],
  ['six decimals and an offset', 'body', itemWith('events', { created: '2026-11-26T12:00:00+00:00' })],
  ['at the utility from its offset', 'body', itemWith('events', { start: '2026-11-26T12:00:00.000000Z' })],
  ['at the utility from its offset', 'body', itemWith('events', { bill_coverage: [['2026-11-26', null]] })],
  ['notes have a message and a time', 'body', itemWith('events', { notes: [{ type: 'strange', msg: null }] })],
  ['follow next until it is null', 'listing', without('next')],
  ['follow next until it is null', 'listing', to({ next: 7 })],
  ['tell errors apart', 'error', without('url')],
  ['tell errors apart', 'error', to({ error_description: '' })],
  ['those that were taken', 'action', to({ success: 'yes' })],
  ['those that were taken', 'action', without('meters')],
  ['five keys of ongoing_monitoring', 'meter', blockWith('ongoing_monitoring', { prepay: 'month_to_month' })],
  ['five keys of ongoing_monitoring', 'meter', blockWith('ongoing_monitoring', { since: null })],
  ['eight keys of a base block', 'meter', blockWithout('base', 'billing_account')],
  ['eight keys of a base block', 'meter', blockWith('base', { zip: '94199' })],
  ['five files of a meter', 'meter', to({ exports: { lineitems_csv: 'https://proxy.example/x' } })],
  ['base block of a bill', 'bill', blockWithout('base', 'bill_total_kwh')],
  ['base block of a bill', 'bill', blockWith('base', { currency: 'USD' })],
  ['eight keys of a line item', 'bill', itemWith('line_items', { currency: 'USD' })],
  ['eight keys of a line item', 'bill', itemWith('suppliers', { supplier_line_items: [{ name: 'Tax' }] })],
  ['keys of a supplier on a bill', 'bill', itemWith('suppliers', { supplier_phone: null })],
  ['demands these keys of a meter', 'meter', without('bill_sources')],
  ['demands these keys of a meter', 'meter', to({ interval_count: 1.5 })],
  ['demands these keys of a meter', 'meter', to({ exports_list: [{ name: 'bills_csv', link: '/api/v2/files' }] })],
  ['every further key of a meter', 'meter', to({ external_id: null })],
  ['every further key of a meter', 'meter', to({ electric_details: { voltage: '240' } })],
  ['every further key of a meter', 'meter', to({ programs: [] })],
  ['look up the blocks', 'meter', to({ blocks: ['base', 'suppliers'] })],
  ['demands these keys of an authorization', 'authorization', without('is_test')],
  ['demands these keys of an authorization', 'authorization', to({ expires: null })],
  ['demands these keys of an event', 'event', without('delivery_target')],
  ['demands these keys of an event', 'event', to({ is_delivered: 'false' })],
  ['documented key of a template', 'template', without('company_logo')],
  ['documented key of a form', 'form', without('scope')],
  ['documented key of a bill', 'bill', without('demand')],
  ['documented key of a interval', 'interval', without('readings')],
  ['documented key of a billing account', 'billing_account', without('statement_dates')],
  ['documented key of a billing summary', 'billing_summary', without('new_charges')],
  ['the address of a form', 'form', to({ url: '/authorize/acme' })],
  ['the address of a form', 'form', to({ customer_email: null })],
  ['where nobody has signed', 'authorization', to({ customer_signature: null })],
  ['the first source of every bill', 'bill', to({ sources: [] })],
  ['the first source of every bill', 'bill', itemWith('sources', { raw_url: null })],
  ['multiplies the total', 'bill', blockWith('base', { bill_total_cost: null })],
  ['each has a cost', 'bill', itemWith('line_items', { cost: null })],
  ['an interval was read from', 'interval', to({ sources: [] })],
  ['number and address of an interval', 'interval', blockWith('base', { meter_numbers: null })],
  [
    'Home Assistant',
    'interval',
    itemWith('readings', {
      datapoints: [
        { type: 'forward', unit: 'kwh', value: 2 },
        { type: 'net', unit: 'kwh', value: 1 },
      ],
    }),
  ],
  ['Home Assistant', 'interval', itemWith('readings', { datapoints: [{ type: 'net', unit: 'kwh', value: null }] })],
  ['accounting by its documented keys', 'billing_summary', blockWithout('base', 'amount_due')],
  ['accounting by its documented keys', 'billing_summary', to({ new_charges: [{ name: 'Tax', cost: null }] })],
  ['who is billed', 'billing_account', blockWithout('base', 'billing_contact')],
]

describe('rules', () => {
  it.each(Object.entries(SAMPLES))('a good %s breaks none', (kind, sample) => {
    const isOneOf = Object.keys(SAMPLES).find((name): name is Kind => name === kind)
    expect(isOneOf && faultsOf(isOneOf, sample)).toEqual([])
    expect(faultsOf('body', sample)).toEqual([])
  })

  it.each(BROKEN)('%s: a broken %s is found', (protects, of, change) => {
    const faults = faultsOf(of, change(SAMPLES[of]))
    expect(faults.filter((fault) => fault.split(': ')[0]?.includes(protects))).not.toEqual([])
  })

  it('there is a broken document for each', () => {
    const unproved = RULES.filter(
      ({ protects, of }) => !BROKEN.some(([part, kind]) => kind === of && protects.includes(part)),
    )
    expect(unproved).toEqual([])
  })

  it('objects are found in lists, alone, and meters within authorizations', () => {
    const meters = { meters: [{ ...SAMPLES.meter, base: null }], next: null }
    const authorization = { ...SAMPLES.authorization, meters }
    const api = 'https://proxy.example/api/v2'
    const inList = bodyFaults(`${api}/authorizations?include=meters`, { authorizations: [authorization], next: null })
    const alone = bodyFaults(`${api}/authorizations/1`, authorization)
    for (const faults of [inList, alone, bodyFaults(`${api}/meters`, meters)])
      expect(faults.filter((fault) => fault.includes('eight keys of a base block'))).toHaveLength(8)
  })
})

describe('answers', () => {
  const good = { address: '', status: 200, mediaType: 'application/json; charset=utf-8', text: '{}', body: {} }
  it('only 200 with one JSON object is a success', () => {
    expect(wireFaults(good)).toEqual([])
    for (const change of [{ status: 201 }, { status: 204 }, { mediaType: 'text/html' }, { body: [] }])
      expect(wireFaults({ ...good, ...change })).toHaveLength(1)
  })

  it('a client that has waited long enough gives up', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : undefined
    await expect(ask(`http://127.0.0.1:${port}/`, { patienceMs: 50 })).rejects.toThrow(/timeout/i)
    silent.closeAllConnections()
    silent.close()
  })

  it('next is absolute, ours, and asks what was asked', () => {
    const ours = 'https://proxy.example'
    const asked = `http://127.0.0.1:8400/api/v2/bills?meters=1,2&limit=1&access_token=secret&after=3`
    const next = (query: string, origin = ours, list = 'bills'): string[] =>
      nextFaults(ours, asked, `${origin}/api/v2/${list}?${query}`)
    expect(next('meters=1%2C2&limit=1&after=9')).toEqual([])
    expect(next('meters=1%2C2&limit=1&after=9', 'http://127.0.0.1:8400')).toHaveLength(1)
    expect(next('meters=1%2C2&limit=1&after=9', ours, 'intervals')).toHaveLength(1)
    for (const query of ['limit=1&after=9', 'meters=1,2&limit=1', 'meters=1,2&limit=1&after=9&access_token=secret'])
      expect(next(query)).toHaveLength(1)
    expect(nextFaults(ours, asked, '/api/v2/bills?after=9')).toHaveLength(1)
  })
})

describe('webhooks', () => {
  const body = JSON.stringify(
    { events: [{ ...SAMPLES.event, delivery_target: 'https://x.example/h' }], next: null },
    null,
    4,
  )
  const headers = {
    'content-type': 'application/json',
    'x-utilityapi-webhook-salt': 'salt',
    'x-utilityapi-webhook-signature': '',
  }
  const faults = (changed: string, more: Record<string, string> = {}): string[] =>
    webhookFaults({ headers: { ...headers, ...more }, body: changed }, 'secret')

  it('a body with four blanks, as it was described, has one signature however it is read', () => {
    const known = '6cd59ee8461872a3e0deea0d6428b5cdad5049452b4914ad66ed1cc1081b5e7d'
    const text = '{\n    "json": "object"\n}'
    expect(printedAnew(text)).toBe(text)
    const signedHeaders = { ...headers, 'x-utilityapi-webhook-signature': known }
    expect(signatureFaults({ headers: signedHeaders, body: text }, 'secret')).toEqual([])
    expect(signatureFaults({ headers: signedHeaders, body: text }, 'another')).toHaveLength(2)
    expect(printedAnew(body)).toBe(body)
  })

  it.each([
    ['two blanks', JSON.stringify({ a: { b: 1 } }, null, 2)],
    ['no blanks', JSON.stringify({ a: 1 })],
    ['an empty list', JSON.stringify({ a: [] }, null, 4)],
    ['an empty object', JSON.stringify({ a: {} }, null, 4)],
    ['a colon after a blank in a text', JSON.stringify({ a: 'at : b' }, null, 4)],
    ['a line end behind', `${JSON.stringify({ a: 1 }, null, 4)}\n`],
  ])('%s: printed anew it is another text', (_what, text) => {
    expect(printedAnew(text)).not.toBe(text)
  })

  it('a delivery has its type, a salt and a target', () => {
    const all = faults(JSON.stringify(SAMPLES.listing, null, 4), {
      'content-type': 'text/plain',
      'x-utilityapi-webhook-salt': '',
    })
    expect(all).toEqual(
      expect.arrayContaining(['a receiver takes JSON only', 'no salt', 'a delivery_target that is no address']),
    )
  })
})
