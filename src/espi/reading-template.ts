import type { Reader } from './reader.ts'
import { addRow, setNumber } from './readings.ts'
import type { Shape } from './shapes.ts'
import type { Tokenizer } from './tokenizer-state.ts'

/**
 * The bytes of one whole IntervalReading, from the end of the one before it, as fixed pieces with a plain number between
 * each two. The next reading mostly differs in its numbers alone, and comparing words is measured to be several times as fast
 * as reading tags. Nothing is taken on trust: every byte is compared with bytes that the tokenizer accepted in the same place,
 * at the same depth, with the same namespaces bound; on any difference the reading goes the long way. What a reading leaves
 * behind besides its numbers (counts of unknown and of other elements, text of more than one run, open namespaces) either
 * breaks the trace, so that there is no template, or is gone at its end.
 */
export type ReadingTemplate = {
  /**
   * Each fixed piece as words of eight bytes, the last overlapping. Eight bytes compare as one float (measured: a fifth faster
   * than four as an integer), and exactly: only the two zeros are equal with different bits, and both are made of NUL bytes,
   * which no document has; NaN equals nothing, so it only sends a reading the long way.
   */
  pieces: Float64Array[]
  lengths: number[]
  columns: number[]
  shape: Shape
  depth: number
  bindings: number[]
}

/** Where the numbers of the reading that is open stand. */
export type ReadingTrace = {
  starts: number[]
  ends: number[]
  columns: number[]
  /** End of the reading before, or -1 when something came since that is worth more than its bytes, or they are gone. */
  from: number
  /** How often a template may still be made without one being used: shapes that alternate are not worth it. */
  patience: number
}

const PATIENCE = 8
const MAX_NUMBERS = 16
const MAX_BYTES = 4096

export function createTrace(): ReadingTrace {
  return { starts: [], ends: [], columns: [], from: -1, patience: PATIENCE }
}

/** Every block may try again. */
export function beginBlock(trace: ReadingTrace): void {
  trace.patience = PATIENCE
}

export function beginTrace(trace: ReadingTrace): void {
  trace.starts.length = 0
  trace.ends.length = 0
  trace.columns.length = 0
}

/** Something that is no plain number: this reading is no template. */
export function breakTrace(trace: ReadingTrace): void {
  trace.from = -1
}

export function traceNumber(trace: ReadingTrace, start: number, end: number, column: number): void {
  trace.starts.push(start)
  trace.ends.push(end)
  trace.columns.push(column)
}

/** Takes the end of a reading and makes a template of it when it can be one. */
export function endTrace(r: Reader, end: number): void {
  const { trace, tokenizer: t } = r
  const count = trace.columns.length
  const from = trace.from
  trace.from = end
  if (t === null || from < 0 || count === 0 || count > MAX_NUMBERS) return
  if (end - from > MAX_BYTES || trace.patience <= 0) return
  trace.patience--
  const pieces: Float64Array[] = []
  const lengths: number[] = []
  for (let i = 0; i <= count; i++) {
    const start = i === 0 ? from : (trace.ends[i - 1] ?? 0)
    const stop = i === count ? end : (trace.starts[i] ?? 0)
    if (stop - start < 8) return
    pieces.push(toWords(t.view, start, stop))
    lengths.push(stop - start)
  }
  r.template = {
    pieces,
    lengths,
    columns: [...trace.columns],
    shape: r.shape,
    depth: t.depth,
    bindings: [...t.bindings],
  }
}

function toWords(view: DataView, start: number, stop: number): Float64Array {
  const words = new Float64Array(Math.ceil((stop - start) / 8))
  for (let i = 0; i < words.length; i++) words[i] = view.getFloat64(Math.min(start + i * 8, stop - 8), true)
  return words
}

/** Reads as many readings as follow `at` in the shape of the template; returns where it stopped. */
export function readLikeTemplate(r: Reader, at: number): number {
  const { template, tokenizer: t } = r
  if (template === null || t === null || r.shape !== template.shape || r.skip > 0) return at
  if (t.depth !== template.depth || !sameBindings(t, template)) return at
  const { columns } = template
  let next = at
  for (;;) {
    const end = matchOne(t, template, next)
    if (end < 0) break
    next = end
    addRow(r.readings)
    for (let i = 0; i < columns.length; i++) setNumber(r.readings, columns[i] ?? 0, numbers[i] ?? 0)
  }
  if (next > at) {
    r.trace.from = next
    r.trace.patience = PATIENCE
  }
  return next
}

function sameBindings(t: Tokenizer, template: ReadingTemplate): boolean {
  const { bindings } = t
  if (bindings.length !== template.bindings.length) return false
  for (let i = 0; i < bindings.length; i++) if (bindings[i] !== template.bindings[i]) return false
  return true
}

/** Numbers of the reading last matched. */
const numbers = new Float64Array(MAX_NUMBERS)

/** End of the reading at `at` when it has the template's shape, or -1. */
function matchOne(t: Tokenizer, { pieces, lengths }: ReadingTemplate, at: number): number {
  const { buffer, view } = t
  const end = buffer.length
  const last = pieces.length - 1
  let next = at
  for (let i = 0; i <= last; i++) {
    const words = pieces[i]
    const length = lengths[i] ?? 0
    if (words === undefined || next + length > end) return -1
    const full = words.length - 1
    for (let j = 0; j < full; j++) if (view.getFloat64(next + j * 8, true) !== words[j]) return -1
    next += length
    if (view.getFloat64(next - 8, true) !== words[full]) return -1
    if (i === last) return next
    const negative = buffer[next] === 0x2d
    if (negative) next++
    const first = next
    let value = 0
    for (let digit = (buffer[next] ?? 0) - 0x30; digit >= 0 && digit <= 9; digit = (buffer[next] ?? 0) - 0x30) {
      value = value * 10 + digit
      next++
    }
    if (next === first || next - first > 15) return -1
    numbers[i] = negative && value !== 0 ? -value : value
  }
  return -1
}
