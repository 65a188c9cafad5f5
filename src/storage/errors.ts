import type { Uid } from '../model/uid.ts'

/** Why consent does not cover a write. `not_active` names every state but active; a missing authorization too. */
export type ConsentEndedReason = 'not_active' | 'expired' | 'class_not_consented'

/** Consent does not cover this write: the caller stops, stores nothing and does not try again. */
export class ConsentEnded extends Error {
  readonly code = 'consent_ended'
  readonly authorizationUid: Uid
  readonly reason: ConsentEndedReason

  constructor(authorizationUid: Uid, reason: ConsentEndedReason) {
    super(`consent of authorization ${authorizationUid} does not cover this write: ${reason}`)
    this.name = 'ConsentEnded'
    this.authorizationUid = authorizationUid
    this.reason = reason
  }
}

/** Another worker has the window, or it was taken back: this worker's result must not be stored. */
export class LeaseLost extends Error {
  readonly code = 'lease_lost'
  readonly authorizationUid: Uid

  constructor(authorizationUid: Uid) {
    super(`the lease on a window of authorization ${authorizationUid} was lost`)
    this.name = 'LeaseLost'
    this.authorizationUid = authorizationUid
  }
}

/** The database is not prepared in a way that only its administrator can change. The message says what to run. */
export class DatabaseNotReady extends Error {
  readonly code: 'roles_missing' | 'unsafe_role' | 'row_security_broken' | 'version_too_old' | 'no_citus' | 'not_empty'

  constructor(code: DatabaseNotReady['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'DatabaseNotReady'
    this.code = code
  }
}
