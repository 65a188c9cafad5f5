/** Every error code of the API with its status; each has a page docs/errors/<code>.md. */
const STATUSES = {
  required_param_missing: 400,
  invalid_param: 400,
  expired_or_revoked: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  unsupported_media_type: 415,
  server_error: 500,
} as const

export type ApiErrorCode = keyof typeof STATUSES

/** All codes, for the pages that explain them. */
export const API_ERROR_CODES = Object.keys(STATUSES)

/** An answer that is no success. The message is what the client reads: plain words, nothing secret or personal. */
export class ApiError extends Error {
  readonly code: ApiErrorCode

  constructor(code: ApiErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ApiError'
    this.code = code
  }

  get status(): number {
    return STATUSES[this.code]
  }

  /** The body, exactly these keys. publicUrl: our own address, where the error's page is. */
  toJson(publicUrl: string): Record<string, unknown> {
    return { error: this.code, error_description: this.message, url: `${publicUrl}/docs/errors/${this.code}` }
  }
}

/** Unknown and foreign look alike, to the letter. */
export function notFound(): ApiError {
  return new ApiError('not_found', 'Resource not found')
}

export function invalidParam(name: string, reason: string): ApiError {
  return new ApiError('invalid_param', `Parameter "${name}" is invalid: ${reason}`)
}
