import { ByteReader, ByteWriter } from './bytes.ts'

/**
 * Which raw feed each reading of a block came from: `sources` ascending, and runs of positions in it. Kept beside the
 * block and not in it, so that a re-delivery of equal readings leaves the block as it is. Some 0.03 bytes a reading.
 */
export function encodeLineage(source: Float64Array): { sources: number[]; lineage: Buffer } {
  const runs: { uid: number; from: number }[] = []
  for (let at = 0; at < source.length; at++)
    if (at === 0 || source[at] !== source[at - 1]) runs.push({ uid: source[at] ?? 0, from: at })
  const sources = [...new Set(runs.map(({ uid }) => uid))].toSorted((a, b) => a - b)
  const position = new Map(sources.map((uid, at) => [uid, at]))
  const writer = new ByteWriter()
  for (const [at, { uid, from }] of runs.entries()) {
    writer.varint(position.get(uid) ?? 0)
    writer.varint((runs[at + 1]?.from ?? source.length) - from)
  }
  return { sources, lineage: Buffer.from(writer.finish()) }
}

/** The feed of each of `readings` readings. */
export function decodeLineage(sources: readonly number[], lineage: Uint8Array, readings: number): Float64Array {
  const source = new Float64Array(readings)
  const reader = new ByteReader(lineage)
  reader.runs(source)
  if (!reader.isAtEnd) throw new RangeError('the lineage does not fit its block')
  for (let at = 0; at < readings; at++) {
    const uid = sources[source[at] ?? 0]
    if (uid === undefined) throw new RangeError('the lineage names a source that is not there')
    source[at] = uid
  }
  return source
}
