/** Deterministic noise: every number of the simulated world is a function of a seed and a few names, never of a draw. */

const finalize = (value: number): number => {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Unsigned 32-bit hash of the parts (FNV-1a, then the murmur3 finalizer). */
export const hash = (...parts: readonly (string | number)[]): number => {
  const text = parts.join('|')
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return finalize(h)
}

/** The n-th number of the sequence that `seed` names; cheap enough for one call per reading. */
export const mix = (seed: number, n: number): number => finalize(seed + Math.imul(n + 1, 0x9e3779b1))

/** A UUID (version 4 layout) that is a function of the parts. */
export const uuidOf = (...parts: readonly (string | number)[]): string => {
  const hex = [0, 1, 2, 3]
    .map((n) =>
      hash(n, ...parts)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** `length` hexadecimal digits that are a function of the parts. */
export const hexOf = (length: number, ...parts: readonly (string | number)[]): string => {
  let out = ''
  for (let n = 0; out.length < length; n++)
    out += hash('hex', n, ...parts)
      .toString(16)
      .padStart(8, '0')
  return out.slice(0, length)
}

const multiplier = 1_103_515_247n // coprime to 2, 3 and 5, so that the maps below are one to one

/** One-to-one map of small numbers to numbers of exactly `digits` digits, so that ids never collide. */
export const digitsOf = (digits: number, n: number, salt: number): string => {
  const low = 10n ** BigInt(digits - 1)
  return (low + ((BigInt(n) * multiplier + BigInt(salt)) % (9n * low))).toString()
}

/** One-to-one map of small numbers to `length` characters of A-Z and 0-9. */
export const lettersOf = (length: number, n: number, salt: number): string => {
  const space = 36n ** BigInt(length)
  return ((BigInt(n) * multiplier + BigInt(salt)) % space).toString(36).toUpperCase().padStart(length, '0')
}
