import { ApiError } from './api-error.ts'

/**
 * The body as a JSON object, whatever its content type says: the incumbent's own examples send JSON as a form. No body
 * and an empty one are an empty object. Throws ApiError.
 */
export function parseBody(body: unknown, contentEncoding: string | undefined): Record<string, unknown> {
  if (contentEncoding !== undefined && contentEncoding !== 'identity')
    throw new ApiError('unsupported_media_type', 'The body must not be compressed.')
  if (typeof body !== 'string' || body.trim() === '') return {}
  const parsed = parseJson(body.replace(/^\uFEFF/, ''))
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed }
  if (parsed === null) return {}
  throw new ApiError('invalid_param', 'The body must be a JSON object.')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ApiError('invalid_param', 'The body must be a JSON object.', { cause })
  }
}
