import { gzipSync } from 'node:zlib'

import { describe, expect, it } from 'vitest'

import { FeedRejected } from './errors.ts'
import { parse, parseBytes } from './parse.ts'
import { resolveLinks } from './resolve-links.ts'
import { CAPS } from './tokenizer-state.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const feed = (inside: string): string =>
  `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:e="http://naesb.org/espi">${inside}</feed>`
const summary = (note: string): string =>
  feed(`<entry><content><e:UsageSummary><e:tariffProfile>${note}</e:tariffProfile></e:UsageSummary></content></entry>`)

function refusal(body: string | Uint8Array): FeedRejected {
  try {
    parseBytes(typeof body === 'string' ? encode(body) : body)
  } catch (error) {
    if (error instanceof FeedRejected) return error
    throw error
  }
  throw new Error('was accepted')
}

describe('a body that is no Green Button document says what it is', () => {
  it.each([
    ['nothing', '', 'not_xml', /empty/],
    ['blanks', ' \n ', 'not_xml', /empty/],
    ['a byte order mark alone', '\uFEFF', 'not_xml', /empty/],
    ['JSON', '{"error":"invalid_token"}', 'not_xml', /JSON/],
    ['CSV', 'Name,Value\n1,2\n', 'not_xml', /comma/],
    ['CSV under a heading', 'Usage Information\n"For location: 1 SAMPLE ST"\n', 'not_xml', /comma/],
    ['text', 'Service unavailable', 'not_xml', /no XML/],
    ['a zip archive', 'PK\u0003\u0004xxxx', 'not_xml', /zip/],
    ['a PDF', '%PDF-1.7', 'not_xml', /PDF/],
    ['HTML', '<html><body>Sign in</body></html>', 'not_green_button', /HTML/],
    ['SOAP', '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>', 'not_green_button', /another kind/],
    ['RSS', '<rss version="2.0"><channel/></rss>', 'not_green_button', /another kind/],
    ['a blog', feed('<entry><content>hello</content></entry>'), 'not_green_button', /Atom feed/],
    ['a feed of another kind', '<feed xmlns="urn:other"/>', 'not_green_button', /another kind/],
    ['a document type', '<!DOCTYPE html><html/>', 'doctype', /DOCTYPE/],
  ])('%s', (_name, body, code, message) => {
    const error = refusal(body)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
  })

  it('gzip that nobody unpacked', () => {
    expect(refusal(gzipSync('<feed/>'))).toMatchObject({ code: 'not_xml', message: expect.stringMatching(/gzip/) })
  })
})

describe('what can hurt is refused', () => {
  it.each([
    ['entities that grow', '<!DOCTYPE a [<!ENTITY a "xx"><!ENTITY b "&a;&a;">]><a>&b;</a>', 'doctype'],
    ['files pulled in', '<?xml version="1.0"?>\n<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', 'doctype'],
    ['a document type inside', feed('<!DOCTYPE a>'), 'doctype'],
    ['a processing instruction', feed('<?php echo 1 ?>'), 'processing_instruction'],
    ['an entity nobody declared', summary('&nbsp;'), 'undeclared_entity'],
    ['a prefix nobody declared', '<ns1:entry/>', 'unbound_prefix'],
    ['an encoding we do not read', '<?xml version="1.0" encoding="ISO-8859-1"?><feed/>', 'bad_encoding'],
    ['elements too deep', '<a>'.repeat(CAPS.depth + 1), 'not_green_button'],
    ['a name too long', `<${'a'.repeat(CAPS.nameBytes + 1)}/>`, 'name_too_long'],
    ['a text too long', summary('x'.repeat(CAPS.textBytes + 1)), 'text_too_long'],
    ['a text too long in pieces', summary('<![CDATA[xxxxxxxx]]>'.repeat(CAPS.textBytes / 8 + 1)), 'text_too_long'],
    ['a tag too long', `<feed xmlns="${'x'.repeat(CAPS.textBytes)}"/>`, 'text_too_long'],
    ['a comment too long', feed(`<!--${'x'.repeat(CAPS.textBytes)}-->`), 'text_too_long'],
    ['a tag that never ends', `<feed a="${'x'.repeat(200_000)}`, 'text_too_long'],
  ])('%s', (_name, body, code) => {
    expect(refusal(body).code).toBe(code)
  })

  it('elements too deep in a feed', () => {
    expect(refusal(feed('<x>'.repeat(CAPS.depth))).code).toBe('too_deep')
    expect(parseBytes(encode(feed(`${'<x>'.repeat(CAPS.depth - 1)}${'</x>'.repeat(CAPS.depth - 1)}`))).entries).toEqual(
      [],
    )
  })

  it('too many attributes, names and namespaces', () => {
    const attributes = (count: number): string => Array.from({ length: count }, (_, index) => ` a${index}=""`).join('')
    expect(refusal(feed(`<x${attributes(CAPS.attributes + 1)}/>`)).code).toBe('too_many_attributes')
    expect(parseBytes(encode(feed(`<x${attributes(CAPS.attributes)}/>`))).entries).toEqual([])
    expect(refusal(feed(Array.from({ length: 5000 }, (_, index) => `<x${index}/>`).join(''))).code).toBe(
      'too_many_names',
    )
    expect(refusal(feed(Array.from({ length: 300 }, (_, index) => `<x xmlns="urn:${index}"/>`).join(''))).code).toBe(
      'too_many_names',
    )
  })

  it('an entry of endless elements', () => {
    expect(
      refusal(
        feed(
          `<entry><content><e:BatchList>${'<e:resources>x</e:resources>'.repeat(200_001)}</e:BatchList></content></entry>`,
        ),
      ).code,
    ).toBe('too_large')
  })
})

it('an address of thousands of steps costs no more than a short one', () => {
  const entry = (kind: string): string =>
    `<entry><link rel="self" href="${'/a'.repeat(32_000)}/${kind}"/><content><e:${kind}/></content></entry>`
  const { entries } = parseBytes(encode(feed(entry('UsagePoint') + entry('UsageSummary').repeat(20))))
  expect(resolveLinks(entries).usagePoints).toHaveLength(1)
})

it('an element of another vocabulary is none of ours, whatever its name', () => {
  const reading = '<e:IntervalReading><e:value>5</e:value><x:value xmlns:x="urn:x">9</x:value></e:IntervalReading>'
  const [entry] = parseBytes(
    encode(feed(`<entry><content><e:IntervalBlock>${reading}</e:IntervalBlock></content></entry>`)),
  ).entries
  expect(entry?.content?.value).toMatchObject({ value: Float64Array.of(5) })
  expect(entry?.unknown).toEqual([{ name: 'IntervalBlock/value', count: 1 }])
  expect(refusal(feed('<entry><content><UsagePoint xmlns="urn:x"/></content></entry>')).code).toBe('not_green_button')
})

it.each([
  [
    'too many namespaces',
    feed(Array.from({ length: 300 }, (_, index) => `<x xmlns="urn:${index}"/>`).join('')),
    'urn:250',
  ],
  [
    'an entry of endless elements',
    feed(`<entry><content><e:BatchList>${'<e:resources/>'.repeat(200_001)}</e:BatchList></content></entry>`),
    '<entry',
  ],
])('%s: the byte is the same however the body is cut', async (_name, body, at) => {
  const cut = async function* (size: number): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < body.length; from += size) yield encode(body.slice(from, from + size))
  }
  for (const size of [Infinity, 10_000, 777])
    await expect(parse(cut(size)).next()).rejects.toMatchObject({ offset: body.indexOf(at) })
})

it('a refusal names the byte and what to do, and quotes nothing of the body', () => {
  const error = refusal(summary('Jane Customer & sons'))
  expect(error).toMatchObject({
    code: 'undeclared_entity',
    offset: summary('').indexOf('</e:tariff') + 'Jane Customer '.length,
  })
  expect(error.message).not.toContain('Jane')
  expect(error.message).toMatch(/Ask the utility/)
})

it('UTF-16 that is broken is refused where it breaks', () => {
  const text = `\uFEFF${summary('good\ud83dbad')}`
  const error = refusal(new Uint8Array(Buffer.from(text, 'utf16le')))
  expect(error).toMatchObject({ code: 'bad_encoding', offset: text.indexOf('good') - 1 + 4 })
  const cut = Buffer.from(`\uFEFF${summary('x')}`, 'utf16le').subarray(0, 201)
  expect(refusal(new Uint8Array(cut)).code).toBe('bad_encoding')
  expect(refusal(new Uint8Array(Buffer.from('<a>\ud83d', 'utf16le').swap16()))).toMatchObject({
    code: 'not_green_button',
  })
})

it('a text of exactly the cap is taken', () => {
  const [entry] = parseBytes(encode(summary('x'.repeat(CAPS.textBytes)))).entries
  expect(entry?.content?.value).toMatchObject({ tariffProfile: 'x'.repeat(CAPS.textBytes) })
})

it('names that objects are born with do no harm', () => {
  const [entry] = parseBytes(
    encode(
      feed(
        '<entry><content><e:UsagePoint><e:__proto__><e:x>1</e:x></e:__proto__><e:constructor>1</e:constructor></e:UsagePoint></content></entry>',
      ),
    ),
  ).entries
  expect(entry?.unknown.map(({ name }) => name)).toEqual(['UsagePoint/__proto__', 'UsagePoint/constructor'])
  expect(({} as Record<string, unknown>)['x']).toBeUndefined()
})

it('hash collisions of names do not make the reader slow', () => {
  const colliding = Array.from({ length: 2048 }, (_, index) =>
    index.toString(2).padStart(11, '0').replaceAll('0', 'Aa').replaceAll('1', 'BB'),
  )
  const body = encode(
    feed(
      colliding
        .map((name) => `<${name}/>`)
        .join('')
        .repeat(20),
    ),
  )
  const begin = performance.now()
  expect(parseBytes(body).entries).toEqual([])
  expect(performance.now() - begin).toBeLessThan(3000)
})
