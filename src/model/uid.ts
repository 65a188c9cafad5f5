/**
 * Our identity of a thing: digits only, below 2 ** 53, so that clients that parse it as a number keep it whole.
 * Things below an authorization carry its number in their high part: `authorization * 2 ** 20 + n`, n from 1; so any
 * uid names its authorization (and its shard) without a look-up table.
 */
export type Uid = string

const CHILDREN = 2n ** 20n
const LIMIT = 2n ** 53n

/** True for the digit-only form of a uid; anything else cannot exist and answers "not found". */
export function isUid(text: string): boolean {
  return /^[1-9][0-9]{0,15}$/.test(text) && BigInt(text) < LIMIT
}

/** The uid of child `n` of an authorization. Throws RangeError when the authorization has used up its numbers. */
export function childUid(authorizationUid: Uid, n: number): Uid {
  if (!Number.isInteger(n) || n < 1 || BigInt(n) >= CHILDREN) throw new RangeError(`child number out of range: ${n}`)
  return String(BigInt(authorizationUid) * CHILDREN + BigInt(n))
}

/** The authorization that a child uid belongs to. */
export function authorizationOf(uid: Uid): Uid {
  return String(BigInt(uid) / CHILDREN)
}
