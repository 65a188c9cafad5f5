import { makeDocument } from './groups.ts'
import type { Body, MalformedClass } from './malformed-class.ts'
import { saxesEvents, textOf } from './oracle.ts'
import { createRandom } from './random.ts'
import { isSameRead, type Outcome, readStreamed, readWhole, runBody } from './run-document.ts'

/** Longer bodies come in pieces of about a packet instead of single bytes. */
const BYTE_BY_BYTE = 20_000
/** Bodies of megabytes are cut in one way only. */
const LARGE = 2_000_000
/** Codes for what XML itself forbids; the others are our own limits. */
const BY_XML = new Set([
  'not_well_formed',
  'bad_encoding',
  'unbound_prefix',
  'truncated',
  'undeclared_entity',
  'not_xml',
])

export type Checked = { outcome: Outcome; complaints: string[] }

/**
 * Takes document `n` of a class the whole way, whole, byte by byte and in random pieces, and streamed as well, and asks saxes.
 * complaints: everything that is not as the class states, in words; empty when all is.
 */
export async function checkDocument(one: MalformedClass, n: number): Promise<Checked> {
  const body = makeDocument(one, n)
  const complaints: string[] = []
  const outcome = await runBody(body, () => Infinity)
  for (const chunks of pieces(body, n))
    if (describe(await runBody(body, chunks)) !== describe(outcome)) complaints.push(`${n}: ends differently in pieces`)
  const { is, code } = one.verdict
  if (outcome.is !== is || (code !== null && !outcome.codes.includes(code)))
    complaints.push(`${n}: wanted ${is} ${code ?? ''}, got ${describe(outcome)}`)
  const { inflated } = outcome
  if (inflated === null) return { outcome, complaints }
  if (!pointsInside(outcome, inflated)) complaints.push(`${n}: points outside the document: ${outcome.offset}`)
  const whole = readWhole(inflated)
  for (const chunks of pieces({ bytes: inflated }, n))
    if (!isSameRead(await readStreamed(inflated, chunks), whole)) complaints.push(`${n}: reads differently in pieces`)
  if (one.saxes === undefined && !saxesAgrees(inflated, outcome)) complaints.push(`${n}: saxes judges differently`)
  return { outcome, complaints }
}

const describe = ({ is, codes, offset }: Outcome): string => `${is} ${codes.join(', ')} at ${offset}`

function pieces({ bytes }: Body, n: number): (() => number)[] {
  const random = createRandom(n)
  if (bytes.length > LARGE) return [() => 65_536]
  const small = bytes.length <= BYTE_BY_BYTE
  return [() => (small ? 1 : 1460), () => 1 + random.int(small ? 200 : 65_536)]
}

/** Offsets count bytes of the UTF-8 form; a mark stands before it. */
function pointsInside({ offset }: Outcome, inflated: Uint8Array): boolean {
  return (
    offset === null ||
    (offset >= 0 && offset <= Math.max(inflated.length, Buffer.byteLength(textOf(inflated) ?? '') + 3))
  )
}

/** saxes takes what we take, and refuses what we refuse for a reason of XML. */
function saxesAgrees(bytes: Uint8Array, { is, codes }: Outcome): boolean {
  const text = textOf(bytes)
  const wellFormed = text !== null && saxesEvents(text) !== null
  if (is !== 'rejected') return wellFormed
  return !wellFormed || !codes.some((code) => BY_XML.has(code))
}
