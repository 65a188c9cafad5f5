import type { Uid } from '../model/uid.ts'
import type { Db } from '../storage/db.ts'
import {
  findRegistrationByClient,
  insertRegistration,
  nextRegistrationUid,
  updateRegistration,
} from '../storage/registrations.ts'
import type { Envelope } from '../storage/secrets.ts'
import type { Addresses, Utility } from './contract.ts'
import { type RegistrationSecrets, resolveAddresses, sealSecrets } from './registration.ts'

export type NewRegistration = {
  utility: Utility
  environment: string
  /** null: the operator's own. */
  companyUid: Uid | null
  clientId: string
  bulkId: string | null
  addresses: Partial<Addresses>
  applicationId?: string | null
  secrets: RegistrationSecrets
}

/**
 * Stores a registration, or renews the addresses and secrets of the one with the same client id. Safe to repeat: uid
 * and notification key stay. Throws BadRegistration on addresses that must not be used.
 */
export async function saveRegistration(
  deps: { db: Db; envelope: Envelope; now: () => Date; random: (bytes: number) => Uint8Array },
  registration: NewRegistration,
): Promise<{ registrationUid: Uid; notificationKey: string }> {
  const { utility, environment, companyUid, clientId, bulkId, addresses, applicationId = null, secrets } = registration
  resolveAddresses(utility, environment, addresses)
  const updated = deps.now()
  return await deps.db.operator(async (tx) => {
    const known = await findRegistrationByClient(tx, { utility: utility.id, environment, clientId })
    if (known) {
      const { registrationUid, notificationKey } = known
      const sealed = sealSecrets(known, secrets, deps.envelope)
      await updateRegistration(tx, { registrationUid, bulkId, addresses, applicationId, secrets: sealed, updated })
      return { registrationUid, notificationKey }
    }
    const registrationUid = await nextRegistrationUid(tx)
    const notificationKey = Buffer.from(deps.random(16)).toString('base64url')
    await insertRegistration(tx, {
      registrationUid,
      utility: utility.id,
      companyUid,
      environment,
      clientId,
      bulkId,
      notificationKey,
      addresses,
      applicationId,
      secrets: sealSecrets({ registrationUid, companyUid }, secrets, deps.envelope),
      created: updated,
      updated,
    })
    return { registrationUid, notificationKey }
  })
}
