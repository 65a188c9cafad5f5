import { rescale } from './merge-columns.ts'
import type { Columns } from './series-payload.ts'

/** One set of columns from several that follow each other, at their smallest exponent. */
export function joinColumns(parts: readonly Columns[]): Columns {
  const [only] = parts
  if (only && parts.length === 1) return only
  const exponent = Math.min(...parts.map((part) => part.exponent))
  const readings = parts.reduce((sum, { start }) => sum + start.length, 0)
  const joined = {
    exponent,
    start: new Float64Array(readings),
    duration: new Uint32Array(readings),
    value: new Float64Array(readings),
    quality: new Uint8Array(readings),
    cost: parts.some(({ cost }) => cost) ? new Float64Array(readings).fill(Number.NaN) : null,
    tou: parts.some(({ tou }) => tou) ? new Uint8Array(readings) : null,
    currency: parts.findLast(({ currency }) => currency !== null)?.currency ?? null,
  }
  let at = 0
  for (const part of parts) {
    joined.start.set(part.start, at)
    joined.duration.set(part.duration, at)
    joined.value.set(rescale(part.value, part.exponent - exponent), at)
    joined.quality.set(part.quality, at)
    if (part.cost) joined.cost?.set(part.cost, at)
    if (part.tou) joined.tou?.set(part.tou, at)
    at += part.start.length
  }
  return joined
}
