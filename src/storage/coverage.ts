/** A stretch of time, epoch seconds, end exclusive. */
export type Span = [start: number, end: number]

/** What readings cover, without holes between touching ones. */
export function spansOf(start: ArrayLike<number>, duration: ArrayLike<number>): Span[] {
  const spans: Span[] = []
  let until = -Infinity
  for (let at = 0; at < start.length; at++) {
    const from = start[at] ?? 0
    const to = from + (duration[at] ?? 0)
    const last = spans.at(-1)
    if (last && from <= until) last[1] = until = Math.max(until, to)
    else {
      spans.push([from, to])
      until = to
    }
  }
  return spans
}

/** What lies between readings and is covered by none. */
export function gapsOf(start: ArrayLike<number>, duration: ArrayLike<number>): Span[] {
  return gapsBetween(spansOf(start, duration))
}

/** What lies between ascending spans. */
export function gapsBetween(spans: readonly Span[]): Span[] {
  return spans.slice(1).map(([from], at) => [spans[at]?.[1] ?? from, from])
}

/** The union of spans in any order, ascending and without touching ones. */
export function unionOf(spans: readonly Span[]): Span[] {
  const union: Span[] = []
  for (const span of spans.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) append(union, span)
  return union
}

function append(spans: Span[], [from, to]: Span): void {
  const last = spans.at(-1)
  if (last && from <= last[1]) last[1] = Math.max(last[1], to)
  else spans.push([from, to])
}
