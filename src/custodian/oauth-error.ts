/** Errors of the token endpoint (RFC 6749 section 5.2), with their statuses. */
const STATUSES = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unsupported_grant_type: 400,
  invalid_scope: 400,
} as const

/** A refusal that a client is told. It says nothing of why a code or a token is not good. */
export class OAuthError extends Error {
  readonly code: keyof typeof STATUSES

  constructor(code: keyof typeof STATUSES, message: string) {
    super(message)
    this.name = 'OAuthError'
    this.code = code
  }

  get status(): number {
    return STATUSES[this.code]
  }
}

/** One refusal for codes and tokens that are unknown, used, over, ended or of another client. */
export function invalidGrant(): OAuthError {
  return new OAuthError('invalid_grant', 'The code or token is not valid.')
}
