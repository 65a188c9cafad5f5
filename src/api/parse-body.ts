import { ApiError } from './api-error.ts'
import { judgeJson } from './judge-json.ts'

/**
 * The body as a JSON object, whatever its content type says: the incumbent's own examples send JSON as a form. No body
 * and an empty one are an empty object. isStrict: a key that is given twice is refused, else the last one counts.
 * Throws ApiError.
 */
export function parseBody(
  body: unknown,
  { contentEncoding, isStrict }: { contentEncoding: string | undefined; isStrict: boolean },
): Record<string, unknown> {
  if (contentEncoding !== undefined && contentEncoding !== 'identity')
    throw new ApiError('unsupported_media_type', 'The body must not be compressed.')
  if (!Buffer.isBuffer(body)) return {}
  const text = decode(body)
  if (text.trim() === '') return {}
  const fault = judgeJson(text)
  if (fault === 'too deep') throw bodyRefused('is nested too deep')
  const parsed = parseJson(text)
  if (isStrict && fault) throw repeatedField(fault.repeated)
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed }
  if (parsed === null) return {}
  throw bodyRefused('must be a JSON object')
}

/** A byte-order mark is dropped. */
function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    throw bodyRefused('must be UTF-8', cause)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw bodyRefused('must be a JSON object', cause)
  }
}

function bodyRefused(reason: string, cause?: unknown): ApiError {
  return new ApiError('invalid_param', `The body ${reason}.`, { cause, fields: [{ field: 'body', message: reason }] })
}

function repeatedField(field: string): ApiError {
  const fields = [{ field, message: 'is given twice' }]
  return new ApiError('invalid_param', `Field "${field}" is given twice.`, { fields })
}
