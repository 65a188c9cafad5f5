import { SaxesParser } from 'saxes'

import { decodeText } from '../../../src/espi/decode-text.ts'
import { FeedRejected } from '../../../src/espi/errors.ts'
import { createPusher } from '../../../src/espi/parse.ts'
import { attributeValue } from '../../../src/espi/tokenizer-attributes.ts'
import { createTokenizer, type Tokenizer } from '../../../src/espi/tokenizer-state.ts'
import { inChunks } from './run-document.ts'

/** What a parser reports, as lines that two parsers can be compared by: texts joined, attributes sorted. */
export type Events = string[]

const XMLNS = 'http://www.w3.org/2000/xmlns/'

function addText(events: Events, text: string): void {
  const last = events.at(-1)
  if (text === '') return
  if (last?.startsWith('text ')) events[events.length - 1] = last + text
  else events.push(`text ${text}`)
}

/** What saxes, a general XML parser, says of a document; null when it is not well-formed. */
export function saxesEvents(document: string): Events | null {
  const events: Events = []
  const parser = new SaxesParser({ xmlns: true })
  let depth = 0
  let failed = false
  parser.on('error', () => (failed = true))
  parser.on('opentagstart', () => depth++)
  parser.on('opentag', ({ uri, local, attributes }) => {
    const given = Object.values(attributes).filter((attribute) => attribute.uri !== XMLNS)
    events.push(`open {${uri}}${local}`, ...given.map((one) => `at {${one.uri}}${one.local}=${one.value}`).sort())
  })
  parser.on('text', (text) => depth > 0 && addText(events, text))
  parser.on('cdata', (text) => addText(events, text))
  parser.on('closetag', ({ uri, local }) => {
    depth--
    events.push(`close {${uri}}${local}`)
  })
  parser.write(document).close()
  return failed ? null : events
}

/** What our tokenizer says of the same, in chunks of these sizes; null when it refuses. */
export function ourEvents(bytes: Uint8Array, chunks: () => number): Events | null {
  const events: Events = []
  const t: Tokenizer = createTokenizer(
    {
      open: (namespace, local) => void events.push(`open ${nameOf(t, namespace, local)}`, ...attributesOf(t)),
      text: (start, end, flags) => addText(events, decodeText(t.buffer, start, end, flags, false)),
      close: (namespace, local) => void events.push(`close ${nameOf(t, namespace, local)}`),
      pause: () => undefined,
    },
    [],
    false,
  )
  const push = createPusher(t)
  try {
    for (const chunk of inChunks(bytes, chunks)) push(chunk, false)
    push(new Uint8Array(), true)
    return events
  } catch (error) {
    if (error instanceof FeedRejected) return null
    throw error
  }
}

const nameOf = (t: Tokenizer, namespace: number, local: number): string =>
  `{${t.namespaces[namespace] ?? ''}}${t.names.texts[local] ?? ''}`

function attributesOf(t: Tokenizer): string[] {
  const found: string[] = []
  for (let i = 0; i < t.attributes.count; i++) {
    const name = nameOf(t, t.attributes.namespace[i] ?? 0, t.names.local[t.attributes.name[i] ?? 0] ?? 0)
    if (!name.startsWith(`{${XMLNS}}`) && name !== '{}xmlns') found.push(`at ${name}=${attributeValue(t, i)}`)
  }
  return found.sort()
}

/** A body as text for saxes, by its byte order mark or its first character; null when it is not valid in that encoding. */
export function textOf(bytes: Uint8Array): string | null {
  const [a, b] = bytes
  const little = (a === 0xff && b === 0xfe) || (a === 0x3c && b === 0)
  const big = (a === 0xfe && b === 0xff) || (a === 0 && b === 0x3c)
  try {
    return new TextDecoder(little ? 'utf-16le' : big ? 'utf-16be' : 'utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}
