import { refuse, type Tokenizer } from './tokenizer-state.ts'
import { isCharacter } from './xml-characters.ts'

/** Position after the reference at `at`, or -1 when it is cut off. Only the five of XML and character numbers exist. */
export function checkReference(t: Tokenizer, at: number, end: number): number {
  const limit = Math.min(end, at + 12)
  let stop = at + 1
  while (stop < limit && t.buffer[stop] !== 0x3b) stop++
  if (stop >= limit) return stop === end && limit < at + 12 ? -1 : refuseReference(t, at)
  const name = String.fromCharCode(...t.buffer.subarray(at + 1, stop))
  if (referenceCode(name) < 0) refuseReference(t, at)
  return stop + 1
}

function refuseReference(t: Tokenizer, at: number): never {
  return refuse(
    t,
    at,
    'undeclared_entity',
    'An "&" begins no reference that XML knows without a DOCTYPE. Ask the utility for valid XML.',
  )
}

/** The code point that `amp`, `#38` or `#x26` stands for, or -1. */
export function referenceCode(name: string): number {
  const named = REFERENCES.get(name)
  if (named !== undefined) return named
  const number = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(name)
  if (number === null) return -1
  const code = number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16)
  return code > 0x10ffff || !isCharacter(code) ? -1 : code
}

const REFERENCES = new Map([
  ['lt', 0x3c],
  ['gt', 0x3e],
  ['amp', 0x26],
  ['quot', 0x22],
  ['apos', 0x27],
])
