import { pipeline, type Readable } from 'node:stream'
import { constants, createGzip, createZstdCompress } from 'node:zlib'

/** The levels that cost least: a year of rows is a tenth of its bytes already, and more takes longer than a network would. */
const ENCODERS = {
  zstd: () => createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  gzip: () => createGzip({ level: 1 }),
}
type Encoding = keyof typeof ENCODERS

/** Parquet is compressed already. */
const IS_TEXT = /json|csv|xml/

/**
 * A streamed answer in the content encoding that its client asks for, zstd before gzip; as it is for clients that name neither.
 * A client that goes away ends the answer, too. Source: RFC 9110 section 12.5.3, RFC 8878.
 */
export function encodeAnswer(
  answer: Readable,
  {
    mediaType,
    accepted,
    header,
  }: { mediaType: string; accepted: string; header: (name: string, value: string) => void },
): Readable {
  if (!IS_TEXT.test(mediaType)) return answer
  header('vary', 'accept-encoding')
  const encoding = chooseEncoding(accepted)
  if (encoding === null) return answer
  header('content-encoding', encoding)
  // Whichever end fails or closes, the other is destroyed with the same error, which the server sees on what it sends.
  return pipeline(answer, ENCODERS[encoding](), () => undefined)
}

/** The encoding named with the greatest weight; of equal ones zstd. */
function chooseEncoding(accepted: string): Encoding | null {
  const weights = { zstd: 0, gzip: 0 }
  for (const each of accepted.toLowerCase().split(',')) {
    const [name = '', ...parameters] = each.split(';').map((part) => part.trim())
    if (name !== 'zstd' && name !== 'gzip') continue
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    weights[name] = weight === undefined ? 1 : Number(weight.slice(2)) || 0
  }
  if (weights.zstd > 0 && weights.zstd >= weights.gzip) return 'zstd'
  return weights.gzip > 0 ? 'gzip' : null
}
