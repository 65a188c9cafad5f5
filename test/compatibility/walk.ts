/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object, or an empty one in the place of anything else. */
export function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}

/** The objects in a list; none in anything else. */
export function recordsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

/** Every key of every object below `value` with what it holds, and the keys that lead to it. */
export function* entriesOf(value: unknown, path: readonly string[] = []): Generator<[string, unknown, string[]]> {
  if (Array.isArray(value)) {
    for (const item of value) yield* entriesOf(item, path)
    return
  }
  for (const [key, held] of Object.entries(recordOf(value))) {
    const here = [...path, key]
    yield [key, held, here]
    yield* entriesOf(held, here)
  }
}
