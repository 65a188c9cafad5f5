import type { Mode } from './contract.ts'

/** After the first start tag of an entry's content: where a reader is at work. */
const inside = (body: string, extra: string): string => body.replace(/<([\w:]*)content[^>]*>/, (tag) => tag + extra)

const afterDeclaration = (body: string, extra: string): string => {
  const declaration = /^<\?xml[^>]*\?>/.exec(body)?.[0] ?? ''
  return declaration + extra + body.slice(declaration.length)
}

const inTitle = (body: string, text: string): string => body.replace(/>[^<>]+<\/([\w:]*)title>/, `>${text}</$1title>`)

const bomb = (body: string): string => {
  const entities = Array.from({ length: 9 }, (_, n) => `<!ENTITY b${n + 1} "${`&b${n};`.repeat(10)}">`).join('')
  return inTitle(afterDeclaration(body, `<!DOCTYPE feed [<!ENTITY b0 "boom">${entities}]>`), '&b9;')
}

type Spoil = (body: string, options: { truncate: number | undefined; bytes: number | undefined }) => string

const mode = (name: string, about: string, spoil: Spoil): Mode => ({
  name,
  group: 'XML',
  on: ['resource'],
  about,
  after: (answer, { fault }) => ({
    ...answer,
    body: spoil(answer.body, { truncate: fault.truncate, bytes: fault.bytes }),
  }),
})

export const documentModes: readonly Mode[] = [
  {
    name: 'truncated',
    group: 'body',
    on: ['token', 'resource'],
    about: 'a body that ends after 70 % (`truncate`), sent as if it were whole',
    after: (answer, { fault }) => ({
      ...answer,
      body: answer.body.slice(0, fault.truncate ?? Math.floor(answer.body.length * 0.7)),
    }),
  },
  mode('broken-xml', 'an end tag of another name', (body) =>
    body.replace(/<\/([\w:]*)IntervalReading>|<\/([\w:]*)entry>/, '</oops>'),
  ),
  mode('doctype-bomb', 'a DOCTYPE with nested entities', bomb),
  mode('external-entity', 'a DOCTYPE that names a file', (body) =>
    inTitle(afterDeclaration(body, '<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/hostname">]>'), '&x;'),
  ),
  mode('processing-instruction', 'a processing instruction before the root', (body) =>
    afterDeclaration(body, '<?xml-stylesheet href="https://elsewhere.example/x.xsl"?>'),
  ),
  mode('undefined-entity', 'an entity that nobody declared', (body) => inTitle(body, '&nbsp;')),
  mode('deep-nesting', '10,000 levels (`bytes`)', (body, { bytes = 10_000 }) =>
    inside(body, '<d>'.repeat(bytes) + '</d>'.repeat(bytes)),
  ),
  mode('many-attributes', '5,000 attributes (`bytes`) on one element', (body, { bytes = 5000 }) =>
    inside(body, `<a${Array.from({ length: bytes }, (_, n) => ` a${n}="1"`).join('')}/>`),
  ),
  mode('huge-text', 'one text of 8 MB (`bytes`)', (body, { bytes = 8_000_000 }) => inTitle(body, 't'.repeat(bytes))),
  mode('wrong-namespace', 'another namespace in place of ESPI', (body) =>
    body.replaceAll('http://naesb.org/espi', 'http://elsewhere.example/espi'),
  ),
  mode('unbound-prefix', 'a prefix that nobody declared', (body) => inside(body, '<nobody:thing/>')),
  mode('two-documents', 'two documents, one after the other', (body) => body + body.replace(/^<\?xml[^>]*\?>/, '')),
  mode('soap-fault', 'a SOAP fault in place of the feed', () => soap),
  mode('no-entries', 'a feed without an entry, well-formed', (body) =>
    body.replaceAll(/<([\w]+:)?entry[\s>][\s\S]*?<\/\1?entry>/g, ''),
  ),
]

const soap =
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>Backend unavailable</faultstring></s:Fault></s:Body></s:Envelope>'
