import type { AuthorizationRow } from '../storage/authorizations.ts'
import type { Db, Tx } from '../storage/db.ts'
import type { Envelope } from '../storage/secrets.ts'
import type { Connections } from '../utilities/connections.ts'
import type { Random } from './keys.ts'
import type { Tokens } from './tokens.ts'

/** What the operator says of itself, and where customers reach us. */
export type PathConfig = { publicUrl: string; operatorName: string; operatorEmail: string }

/** What every step of the customer's path works with. */
export type PathDeps = {
  db: Db
  envelope: Envelope
  connections: Connections
  tokens: Tokens
  now: () => Date
  random: Random
  config: PathConfig
  /** Called in the transaction that activates an authorization: what is to be collected becomes owed there. */
  owe: (tx: Tx, authorization: AuthorizationRow) => Promise<void>
}
