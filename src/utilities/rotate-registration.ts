import type { Uid } from '../model/uid.ts'
import type { Db } from '../storage/db.ts'
import { lockRegistration, updateRegistration } from '../storage/registrations.ts'
import type { Envelope } from '../storage/secrets.ts'
import {
  BadRegistration,
  openRegistration,
  type PreviousSecrets,
  type RegistrationSecrets,
  sealSecrets,
} from './registration.ts'

type Deps = { db: Db; envelope: Envelope; now: () => Date }
/** What a rotation replaces; what is not named stays. */
export type NewSecrets = Partial<Omit<PreviousSecrets, 'replaced'>>

/**
 * Puts new secrets in place of the old, which are kept (sealed) to go back to. Running processes use the new ones from
 * their next request on. Throws RangeError when there is no such registration.
 */
export async function rotateSecrets(deps: Deps, registrationUid: Uid, secrets: NewSecrets): Promise<void> {
  await replace(deps, registrationUid, (old) => ({ ...old, ...secrets, previous: previousOf(old, deps.now()) }))
}

/** Puts back what the last rotation replaced, and keeps the newer ones instead. Throws BadRegistration when there are none. */
export async function restoreSecrets(deps: Deps, registrationUid: Uid): Promise<void> {
  await replace(deps, registrationUid, (old) => {
    if (!old.previous) throw new BadRegistration(`registration ${registrationUid}: no rotation to go back from`)
    const { replaced: _replaced, ...earlier } = old.previous
    return { ...old, ...earlier, previous: previousOf(old, deps.now()) }
  })
}

async function replace(
  { db, envelope, now }: Deps,
  registrationUid: Uid,
  change: (old: RegistrationSecrets) => RegistrationSecrets,
): Promise<void> {
  await db.operator(async (tx) => {
    const row = await lockRegistration(tx, registrationUid)
    if (!row) throw new RangeError(`no registration ${registrationUid}`)
    const { clientSecret, registrationAccessToken, certificate, key, ca, previous } = openRegistration(row, envelope)
    const next = change({ clientSecret, registrationAccessToken, certificate, key, ca, previous })
    const { bulkId, addresses, applicationId } = row
    const secrets = sealSecrets(row, next, envelope)
    await updateRegistration(tx, { registrationUid, bulkId, addresses, applicationId, secrets, updated: now() })
  })
}

function previousOf(
  { clientSecret, registrationAccessToken, certificate, key }: RegistrationSecrets,
  now: Date,
): PreviousSecrets {
  return { clientSecret, registrationAccessToken, certificate, key, replaced: now.toISOString() }
}
