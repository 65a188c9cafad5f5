import { describe, expect, it } from 'vitest'

import { checkEndpoint, guardedLookup, isPublic, resolveEndpoint } from './address-guard.ts'

const outcome = (text: string, allowed: string[] = []): string => {
  try {
    return checkEndpoint(text, allowed).href
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'something else'
  }
}

describe('an address', () => {
  it.each([
    ['https://hooks.example.com/a?b=c', 'https://hooks.example.com/a?b=c'],
    ['https://hooks.example.com:8443/', 'https://hooks.example.com:8443/'],
    ['https://HOOKS.example.com./', 'https://hooks.example.com./'],
    ['https://bücher.example.com/', 'https://xn--bcher-kva.example.com/'],
    ['https://11.0.0.1/', 'https://11.0.0.1/'],
    ['https://[2606:4700::1111]/', 'https://[2606:4700::1111]/'],
  ])('%s may be told', (text, href) => {
    expect(outcome(text)).toBe(href)
  })

  it.each([
    'http://hooks.example.com/',
    'ftp://hooks.example.com/',
    'file:///etc/passwd',
    'gopher://hooks.example.com/',
    'https://user@hooks.example.com/',
    'https://user:secret@hooks.example.com/',
    'https://hooks.example.com:22/',
    'https://hooks.example.com:5432/',
    'https://hooks.example.com/#x',
    'https://hooks.example.com\\@127.0.0.1/',
    'https://hooks.example.com/\r\nhost: other',
    ' https://hooks.example.com/',
    `https://hooks.example.com/${'x'.repeat(8192)}`,
    'hooks.example.com',
    '',
  ])('%j is refused for its form', (text) => {
    expect(outcome(text)).toBe('bad_address')
  })

  it.each([
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://017700000001/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://127.0.1/',
    'https://１２７.0.0.1/',
    'https://①②⑦.0.0.1/',
    'https://127.0.0.1./',
    'https://%31%32%37.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://localhost/',
    'https://LOCALHOST./',
    'https://a.localhost/',
    'https://metadata.google.internal/',
    'https://printer.local/',
    'https://intranet/',
  ])('%s does not lead to the public internet, however it is spelled', (text) => {
    expect(outcome(text)).toBe('not_public')
  })

  it('in a network that the operator named may be told, by http and any port too', () => {
    expect(outcome('http://10.20.3.4:9000/', ['10.20.0.0/16'])).toBe('http://10.20.3.4:9000/')
    expect(outcome('http://10.21.3.4:9000/', ['10.20.0.0/16'])).toBe('bad_address')
    expect(outcome('gopher://10.20.3.4/', ['10.20.0.0/16'])).toBe('bad_address')
  })
})

describe('what a name leads to', () => {
  const url = new URL('https://hooks.example.com/')
  const resolve = (...addresses: string[]) => resolveEndpoint(url, ['10.20.0.0/16'], () => Promise.resolve(addresses))

  it('must be public in all its addresses, or in a network that the operator named', async () => {
    await expect(resolve('11.0.0.1', '2606:4700::1111')).resolves.toHaveLength(2)
    await expect(resolve('10.20.0.1')).resolves.toEqual(['10.20.0.1'])
    await expect(resolve('11.0.0.1', '10.0.0.1')).rejects.toMatchObject({ code: 'not_public' })
    await expect(resolve('11.0.0.1', 'fd00:ec2::254')).rejects.toMatchObject({ code: 'not_public' })
    await expect(resolve()).rejects.toMatchObject({ code: 'not_resolved' })
  })

  it('is judged again when a socket asks: a name that turns private is not connected to', async () => {
    const answers = [['11.0.0.1'], ['127.0.0.1']]
    const lookup = () => Promise.resolve(answers.shift() ?? [])
    await expect(resolveEndpoint(url, [], lookup)).resolves.toEqual(['11.0.0.1'])
    const connected = await new Promise((done) => {
      guardedLookup([], lookup)('hooks.example.com', {}, (error, address) => done(error ?? address))
    })
    expect(connected).toMatchObject({ code: 'not_public' })
  })
})

it.each([
  ...['0.0.0.0', '10.255.255.255', '100.64.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.254'],
  ...['192.0.0.192', '192.0.2.1', '192.88.99.1', '192.168.0.1', '198.18.0.1', '198.51.100.1', '203.0.113.1'],
  ...['224.0.0.1', '240.0.0.1', '255.255.255.255', '::', '::1', '::ffff:10.0.0.1', '::127.0.0.1', '64:ff9b::a00:1'],
  ...['64:ff9b:1::a00:1', '100::1', '2001::1', '2001:db8::1', '2002:a00:1::1', '3fff::1', '5f00::1', 'fc00::1'],
  ...['fe80::1', 'fe80::1%lo', 'fec0::1', 'ff02::1', 'no address', ''],
])('%s is not public', (address) => {
  expect(isPublic(address)).toBe(false)
})

it.each(['100.63.255.255', '100.128.0.1', '172.32.0.1', '11.0.0.1', '192.88.98.1', '2606:4700::1', '2003::1'])(
  '%s is public',
  (address) => {
    expect(isPublic(address)).toBe(true)
  },
)
