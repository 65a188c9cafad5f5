import { ByteReader, ByteWriter } from './bytes.ts'

/**
 * Which raw feed each reading of a block came from: `sources` ascending, and runs of positions in it. Kept beside the
 * block and not in it, so that a re-delivery of equal readings leaves the block as it is. Some 0.03 bytes a reading.
 */
export function encodeLineage(source: Float64Array): { sources: number[]; lineage: Buffer } {
  const sources = [...new Set(source)].toSorted((a, b) => a - b)
  const position = new Map(sources.map((uid, at) => [uid, at]))
  const writer = new ByteWriter()
  writer.runs(Array.from(source, (uid) => position.get(uid) ?? 0))
  return { sources, lineage: Buffer.from(writer.finish()) }
}

/** The feed of each of `readings` readings. */
export function decodeLineage(sources: readonly number[], lineage: Uint8Array, readings: number): Float64Array {
  const source = new Float64Array(readings)
  const reader = new ByteReader(lineage)
  reader.runs(source)
  if (!reader.isAtEnd) throw new RangeError('the lineage does not fit its block')
  return source.map((at) => {
    const uid = sources[at]
    if (uid === undefined) throw new RangeError('the lineage names a source that is not there')
    return uid
  })
}
