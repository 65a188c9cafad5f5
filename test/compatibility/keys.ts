/** The words of a text. */
export function words(text: string): string[] {
  return text.trim().split(/\s+/)
}

/** Each of these keys that an object does not have; null counts as had. */
export function missing(document: Record<string, unknown>, keys: string): string[] {
  return words(keys)
    .filter((key) => !Object.hasOwn(document, key))
    .map((key) => `no ${key}`)
}

/** Each key of an object that is not among these. */
export function notKnown(document: Record<string, unknown>, keys: string): string[] {
  const known = words(keys)
  return Object.keys(document)
    .filter((key) => !known.includes(key))
    .map((key) => `${key} is not known`)
}

/** Both: exactly these keys. */
export function notExactly(document: Record<string, unknown>, keys: string): string[] {
  return [...missing(document, keys), ...notKnown(document, keys)]
}

/** Each of these keys whose value is not as `isGood` wants it. */
export function notAs(document: Record<string, unknown>, keys: string, isGood: (value: unknown) => boolean): string[] {
  return words(keys)
    .filter((key) => !isGood(document[key]))
    .map((key) => `${key}: ${JSON.stringify(document[key])}`)
}

export const isText = (value: unknown): value is string => typeof value === 'string'
export const isFlag = (value: unknown): value is boolean => typeof value === 'boolean'
export const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0
export const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
export const isAddress = (value: unknown): value is string => isText(value) && /^https?:\/\/[^\s/]+\/\S*$/.test(value)
