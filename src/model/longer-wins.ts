/** A reading as far as this rule looks: seconds, end exclusive, and a quality of ours (greater is better). */
type Told = { start: number; end: number; quality: number }

/**
 * The rule by which usage that was told in two lengths counts once, in one feed and across feeds: of a longer reading and the
 * shorter ones within it (by start), true when the longer is to stay and they give way. The shorter stay where they fill it,
 * as they say the same more finely; it stays where they leave a hole, as they would lose usage. A strictly better quality
 * wins over both.
 */
export function longerWins(longer: Told, inside: readonly Told[]): boolean {
  let [best, worst, until, isWhole] = [-1, Infinity, longer.start, true]
  for (const { start, end, quality } of inside) {
    best = Math.max(best, quality)
    worst = Math.min(worst, quality)
    if (start > until + 1) isWhole = false // a second may be missing: 899
    until = Math.max(until, end)
  }
  if (longer.end > until + 1) isWhole = false
  return longer.quality > best || (longer.quality >= worst && !isWhole)
}
