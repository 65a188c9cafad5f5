import type { Random } from './random.ts'

/** Names, and prefixes with their namespaces in scope. */
const LOCALS = [
  'a',
  'entry',
  'IntervalReading',
  'value',
  'näme',
  'x-1.y',
  '日',
  '_',
  'A\u00b7b',
  'e\u0301',
  '\u{10000}z',
] as const
const PREFIXES = ['p', 'q', 'ns0', 'é'] as const
const URIS = ['urn:a', 'urn:b', 'http://naesb.org/espi', 'http://www.w3.org/2005/Atom', 'x y', 'é'] as const
const CHARACTERS = [
  'x',
  '7',
  ' ',
  '\n',
  '\r\n',
  '\r',
  '\t',
  'é',
  '日',
  '🔌',
  '&amp;',
  '&#x41;',
  '&#13;',
  '&#10;',
  '&lt;',
  '&quot;',
  '&apos;',
  '&gt;',
  '>',
  ']',
  "'",
  '-',
  '\u0085',
  '\u2028',
  '\uFEFF',
  '\uFFFD',
  '\u007f',
] as const

/** Writes a well-formed document with namespaces, by the grammar of XML 1.0 as far as we take it. */
export function writeXml(random: Random): string {
  const declaration = random.pick([
    '',
    '<?xml version="1.0"?>',
    `<?xml version='1.0' encoding="UTF-8" standalone = 'yes' ?>`,
  ])
  return `${declaration}${misc(random)}${element(random, 5, new Map([['', '']]))}${misc(random)}`
}

const misc = (random: Random): string => random.pick(['', '', '\n', ' <!-- x --> ', '<!----><!-- - -->', '\r\n\t'])

function element(random: Random, depth: number, outer: ReadonlyMap<string, string>): string {
  const scope = new Map(outer)
  const written: string[] = []
  const taken = new Set<string>()
  for (let i = random.int(3); i > 0; i--) declare(random, scope, taken, written)
  const prefix = random.pick([...scope.keys()]) ?? ''
  const name = (prefix === '' ? '' : `${prefix}:`) + random.pick(LOCALS)
  for (let i = random.int(4); i > 0; i--) attribute(random, scope, taken, written)
  const tag = `${name}${written.map((text) => blank(random) + text).join('')}${random.pick(['', '', ' ', '\n'])}`
  if (random.once(5)) return `<${tag}/>`
  let inside = ''
  for (let i = random.int(5); i > 0; i--)
    inside += depth > 0 && random.once(2) ? element(random, depth - 1, scope) : content(random)
  return `<${tag}>${inside}</${name}${random.pick(['', '', ' ', '\r\n'])}>`
}

const blank = (random: Random): string => random.pick([' ', '\n', '\t ', '\r\n'])

function declare(random: Random, scope: Map<string, string>, taken: Set<string>, written: string[]): void {
  const prefix = random.pick(['', ...PREFIXES])
  const name = prefix === '' ? 'xmlns' : `xmlns:${prefix}`
  if (taken.has(name)) return
  taken.add(name)
  const uri = prefix === '' && random.once(4) ? '' : random.pick(URIS)
  scope.set(prefix, uri)
  written.push(`${name}="${uri}"`)
}

/** Repeated names are skipped by name and by namespace. */
function attribute(random: Random, scope: ReadonlyMap<string, string>, taken: Set<string>, written: string[]): void {
  const prefix = random.pick([...scope.keys()].filter((key) => key !== '' && random.once(2))) ?? ''
  const local = random.pick(LOCALS)
  const key = prefix === '' ? local : `{${scope.get(prefix)}}${local}`
  if (taken.has(key)) return
  taken.add(key)
  const quote = random.pick(['"', "'"])
  const equals = random.pick(['=', '=', ' = ', '\n='])
  written.push(
    `${prefix === '' ? '' : `${prefix}:`}${local}${equals}${quote}${text(random, 6).replaceAll(quote, '')}${quote}`,
  )
}

function text(random: Random, most: number): string {
  let made = ''
  for (let i = random.int(most); i > 0; i--) made += random.pick(CHARACTERS)
  return made.replaceAll(']]>', ']] >')
}

function content(random: Random): string {
  const plain = text(random, 12)
  const kind = random.int(4)
  if (kind === 0) return `<![CDATA[${random.once(3) ? '<&]] ' : ''}${plain.replaceAll(']]>', '')}]]>`
  if (kind === 1) return `<!--${plain.replaceAll('-', '')}-->`
  return plain.replace(/\]+$/, '') // so that no "]]>" comes about with the text after it
}
