/** The utility does not answer, or not as agreed: network, 5xx, 429, a page instead of a feed. Tried again; nobody acts. */
export class UtilityUnavailable extends Error {
  readonly code: string
  readonly status: number | null
  /** Seconds that the utility asked us to wait, null when it did not say. */
  readonly retryAfter: number | null
  /** True when the request went out whole and no answer came: the utility may have acted on it. */
  readonly outcomeUnknown: boolean

  constructor(
    code: string,
    facts: { status?: number; retryAfter?: number | null; outcomeUnknown?: boolean; cause?: unknown } = {},
  ) {
    super(`The utility is unavailable (${code}${facts.status === undefined ? '' : `, status ${facts.status}`})`, {
      cause: facts.cause,
    })
    this.code = code
    this.status = facts.status ?? null
    this.retryAfter = facts.retryAfter ?? null
    this.outcomeUnknown = facts.outcomeUnknown ?? false
  }
}

/** The utility no longer honours the customer's grant. The customer has to share again. */
export class AuthorizationRevoked extends Error {
  readonly code: string

  constructor(code: string, cause?: unknown) {
    super(`The utility no longer honours this authorization (${code})`, { cause })
    this.code = code
  }
}

/** The utility refuses us: client id, secret, certificate, or a request it does not accept. The operator acts. */
export class ClientRejected extends Error {
  readonly code: string
  readonly status: number | null

  constructor(code: string, facts: { status?: number; cause?: unknown } = {}) {
    super(
      `The utility refuses this registration (${code}${facts.status === undefined ? '' : `, status ${facts.status}`})`,
      {
        cause: facts.cause,
      },
    )
    this.code = code
    this.status = facts.status ?? null
  }
}

/** 401 or 403: the token is not taken. The caller renews it once and only then draws a conclusion. */
export class TokenRefused extends Error {
  readonly code = 'token_refused'
  readonly status: number

  constructor(status: number) {
    super(`The utility does not take the token (status ${status})`)
    this.status = status
  }
}

/** An address that does not belong to the utility: never fetched, no token ever goes there. */
export class ForeignAddress extends Error {
  readonly code = 'foreign_address'

  constructor() {
    super('The address does not lie on the origin and path of the utility')
  }
}
