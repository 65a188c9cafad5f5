/** Every error code of the API with its status; each has a page docs/errors/<code>.md. */
const STATUSES = {
  required_param_missing: 400,
  invalid_param: 400,
  unknown_param: 400,
  expired_or_revoked: 400,
  unauthorized: 401,
  forbidden: 403,
  insufficient_scope: 403,
  not_found: 404,
  method_not_allowed: 405,
  idempotency_key_in_use: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  idempotency_key_reused: 422,
  too_many_requests: 429,
  server_error: 500,
  unavailable: 503,
} as const

export type ApiErrorCode = keyof typeof STATUSES

/** All codes, for the pages that explain them. */
export const API_ERROR_CODES = Object.keys(STATUSES)

/** One thing that is wrong with one parameter or field of a request. */
export type FieldError = { field: string; message: string }

/** An answer that is no success. The message is what the client reads: plain words, nothing secret or personal. */
export class ApiError extends Error {
  readonly code: ApiErrorCode
  readonly fields: readonly FieldError[]

  constructor(code: ApiErrorCode, message: string, options: { cause?: unknown; fields?: readonly FieldError[] } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ApiError'
    this.code = code
    this.fields = options.fields ?? []
  }

  get status(): number {
    return STATUSES[this.code]
  }
}

/** Unknown and foreign look alike, to the letter. */
export function notFound(): ApiError {
  return new ApiError('not_found', 'Resource not found')
}

/** fields: all that is wrong, where it is more than this one. */
export function invalidParam(
  name: string,
  reason: string,
  fields: readonly FieldError[] = [{ field: name, message: reason }],
): ApiError {
  return new ApiError('invalid_param', `Parameter "${name}" is invalid: ${reason}`, { fields })
}

export function requiredParam(name: string, fields: readonly FieldError[] = [{ field: name, message: 'is required' }]) {
  return new ApiError('required_param_missing', `Parameter "${name}" is required.`, { fields })
}

/** A field whose value is well-formed, but more than the caller may give. */
export function notAllowed(name: string, reason: string): ApiError {
  return new ApiError('forbidden', `Parameter "${name}" is not allowed: ${reason}`, {
    fields: [{ field: name, message: reason }],
  })
}
