import { intern } from './names.ts'
import { CAPS, refuse, type Tokenizer } from './tokenizer-state.ts'
import { codePointAt, isNameCharacter, NAME, RAW, sequenceLength } from './xml-characters.ts'

/** End of the name at `at`; refuses what cannot begin a name. May return `end`: then the name may go on. */
export function scanName(t: Tokenizer, at: number, end: number): number {
  const { buffer } = t
  let next = at
  while (next < end) {
    const kind = NAME[buffer[next] ?? 0] ?? 0
    if (kind === 1 || (kind === 2 && next > at)) next++
    else if (kind === 3) {
      const length = checkSequence(t, next, end)
      if (length === 0) return end
      if (!isNameCharacter(codePointAt(buffer, next, length), next === at)) break
      next += length
    } else break
  }
  if (next === at && next < end)
    refuse(
      t,
      at,
      'not_well_formed',
      'A name was expected. A bare "<" or "&" must be escaped; ask the utility for valid XML.',
    )
  if (next - at > CAPS.nameBytes)
    refuse(t, at, 'name_too_long', `A name is longer than ${CAPS.nameBytes} bytes. Ask the utility for a valid feed.`)
  return next
}

/** FNV-1a begins at a place that nobody outside knows, so that nobody can send names that all fall into one slot. */
const SEED = (Math.random() * 2 ** 32) | 0

export function internName(t: Tokenizer, start: number, end: number): number {
  const { buffer } = t
  let hash = SEED
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (buffer[i] ?? 0), 16_777_619)
  return intern(t.names, buffer, start, end, hash, t.base)
}

/** Length of the UTF-8 sequence at `at`; 0 when it is cut off. Refuses what is invalid or forbidden. */
export function checkSequence(t: Tokenizer, at: number, end: number): number {
  const length = (t.buffer[at] ?? 0) < 0x80 ? -1 : sequenceLength(t.buffer, at, end)
  if (length < 0)
    refuse(
      t,
      at,
      'bad_encoding',
      'A byte is no valid UTF-8 or a character that XML forbids. Ask the utility for valid XML.',
    )
  return length
}

/** Position of the next `wanted` byte, checking characters on the way, or -1. */
export function scanRaw(t: Tokenizer, at: number, end: number, wanted: number): number {
  const { buffer } = t
  let next = at
  while (next < end) {
    const byte = buffer[next] ?? 0
    if (byte === wanted) return next
    if (RAW[byte] === 0) next++
    else {
      const length = checkSequence(t, next, end)
      if (length === 0) return -1
      next += length
    }
  }
  return -1
}

/** 1: yes, -1: no, 0: cut off before it is clear. */
export function startsWith(buffer: Uint8Array, at: number, end: number, text: string): 1 | 0 | -1 {
  for (let i = 0; i < text.length; i++) {
    if (at + i >= end) return 0
    if (buffer[at + i] !== text.charCodeAt(i)) return -1
  }
  return 1
}
