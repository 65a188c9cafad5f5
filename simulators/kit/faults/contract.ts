import type { Answer, Incoming } from '../server.ts'

/** Where a fault meets the traffic. `connection` is before any request: TCP and TLS of the API server. */
export type FaultPoint = 'connection' | 'token' | 'resource' | 'authorize' | 'notification'

export type FaultGroup =
  | 'connection'
  | 'TLS'
  | 'status'
  | 'headers'
  | 'body'
  | 'encoding'
  | 'gzip'
  | 'XML'
  | 'data'
  | 'OAuth'
  | 'notification'
  | 'time'

/** One arranged fault; it is used up after `times` requests or, with `until`, at that moment of the utility's clock. */
export type Fault = {
  on: FaultPoint
  times: number
  until?: string
  mode?: string
  status?: number
  body?: string
  contentType?: string
  headers?: Record<string, string>
  delayMs?: number
  /** Number of characters after which the body ends. */
  truncate?: number
  /** Seconds of clock skew, of Retry-After or of expires_in. */
  seconds?: number
  /** Size of what is made large. */
  bytes?: number
  /** A part of the path and query (notification: of the addresses) that the target must contain. */
  match?: string
}

/** An answer with its body as one text. */
export type Whole = Answer & { body: string }

export type Call = { fault: Fault; incoming: Incoming; expireTokens: () => void }

/** A named way to fail, with the points it exists at and one line of what the other side sees. */
export type Mode = {
  name: string
  group: FaultGroup
  on: readonly FaultPoint[]
  about: string
  /** Answers in the handler's place; nothing is done. */
  instead?: (call: Call) => Answer
  /** Changes what the handler has answered; what was asked for is done. */
  after?: (answer: Whole, call: Call) => Answer | Promise<Answer>
  /** `delayMs` means something of its own here; otherwise it is a wait before anything happens. */
  ownDelay?: true
}
