import { expect, it } from 'vitest'

import { MAX_NOTIFICATION_BYTES, parseAuthorization, parseBatchList, parseServiceStatus } from './parse-batch-list.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const list = (...addresses: string[]): string =>
  `<b:BatchList xmlns:b="http://naesb.org/espi">${addresses.map((address) => `<b:resources>${address}</b:resources>`).join('')}</b:BatchList>`

it('addresses come in order, clean and once', () => {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\\n${list('https://u.example/Bulk/1?correlationID=a&amp;x=1', '\n  https://u.example/2\\n ', 'https://u.example/2', ' ')}`
  expect(parseBatchList(encode(body))).toEqual(['https://u.example/Bulk/1?correlationID=a&x=1', 'https://u.example/2'])
})

it('two documents in one body, and a list inside a feed, are read', () => {
  const two = `<?xml version="1.0"?>\\n${list('u:1')}<?xml version="1.0"?>\n${list('u:2')}\n`
  expect(parseBatchList(encode(two))).toEqual(['u:1', 'u:2'])
  const feed = `<feed xmlns="http://www.w3.org/2005/Atom"><entry><content>${list('u:3')}</content></entry></feed>`
  expect(parseBatchList(encode(feed))).toEqual(['u:3'])
})

it('an empty list is a list', () => {
  expect(parseBatchList(encode(list()))).toEqual([])
})

it.each([
  ['nothing', '', 'not_xml'],
  ['another resource', '<ServiceStatus xmlns="http://naesb.org/espi"/>', 'not_green_button'],
  ['a list of nobody', '<BatchList><resources>u:1</resources></BatchList>', 'not_green_button'],
  ['more than 256 KiB', ' '.repeat(MAX_NOTIFICATION_BYTES + 1), 'too_large'],
  ['entities', '<!DOCTYPE b [<!ENTITY x "u:1">]><b>&x;</b>', 'doctype'],
])('%s is refused', (_name, body, code) => {
  expect(() => parseBatchList(encode(body))).toThrow(expect.objectContaining({ code }))
})

it('an authorization is read from an entry', () => {
  const body = `<entry xmlns="http://www.w3.org/2005/Atom"><link rel="self" href="/Authorization/7"/><content><Authorization xmlns="http://naesb.org/espi"><authorizedPeriod><duration>31536000</duration><start>1700000000</start></authorizedPeriod><status>1</status><scope>FB=4_5</scope><resourceURI>/Batch/Subscription/7</resourceURI></Authorization></content></entry>`
  expect(parseAuthorization(encode(body))).toMatchObject([
    {
      self: '/Authorization/7',
      value: {
        status: '1',
        scope: 'FB=4_5',
        authorizedPeriod: { start: 1_700_000_000 },
        resourceURI: '/Batch/Subscription/7',
      },
    },
  ])
  expect(() => parseAuthorization(encode(list('u:1')))).toThrow(expect.objectContaining({ code: 'not_green_button' }))
})

it('a service status is a number', () => {
  expect(
    parseServiceStatus(
      encode('<ServiceStatus xmlns="http://naesb.org/espi"><currentStatus>0</currentStatus></ServiceStatus>'),
    ),
  ).toBe(0)
  expect(() => parseServiceStatus(encode('<ServiceStatus xmlns="http://naesb.org/espi"/>'))).toThrow(
    expect.objectContaining({ code: 'not_green_button' }),
  )
})
