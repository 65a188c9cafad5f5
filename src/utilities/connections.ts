import type { Uid } from '../model/uid.ts'
import type { Db } from '../storage/db.ts'
import { findRegistration } from '../storage/registrations.ts'
import type { Envelope } from '../storage/secrets.ts'
import type { Utility } from './contract.ts'
import { openRegistration, type Registration } from './registration.ts'
import { type FetchLimits, openTransport, type Transport } from './transport.ts'

/** A registration with its open way to the utility. */
export type Connection = { utility: Utility; registration: Registration; transport: Transport }

/** The connections of this process, by registration: opened once, opened anew after a change of the registration. */
export type Connections = {
  /** Throws RangeError when there is no such registration, BadRegistration when it cannot be used. */
  of(registrationUid: Uid): Promise<Connection>
  close(): Promise<void>
}

/** Opens connections lazily. Each use reads the registration's row, so that a rotated certificate is taken at once. */
export function openConnections(deps: {
  db: Db
  envelope: Envelope
  now?: () => Date
  fetchLimits?: Partial<FetchLimits>
}): Connections {
  const open = new Map<Uid, { updated: number; connection: Connection }>()
  return {
    async of(registrationUid) {
      const row = await deps.db.operator((tx) => findRegistration(tx, registrationUid))
      if (!row) throw new RangeError(`no registration ${registrationUid}`)
      const known = open.get(registrationUid)
      if (known?.updated === row.updated.getTime()) return known.connection
      const registration = openRegistration(row, deps.envelope)
      const { utility } = registration
      const transport = openTransport(utility, registration, deps)
      const connection = { utility, registration, transport }
      open.set(registrationUid, { updated: row.updated.getTime(), connection })
      // Requests of the old pool end by themselves; close() waits for them.
      void known?.connection.transport.close()
      return connection
    },
    async close() {
      const all = [...open.values()]
      open.clear()
      await Promise.all(all.map(({ connection }) => connection.transport.close()))
    },
  }
}
