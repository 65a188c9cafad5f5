import { openStore } from '../open-store.ts'
import { readConfig } from '../config.ts'
import { certificateExpiry } from '../utilities/certificate-expiry.ts'
import { openRegistration } from '../utilities/registration.ts'
import { listShown } from './utility-find.ts'

/** `gbp utility list`: the registrations, without any secret. Returns the exit code. */
export async function listRegistered(
  env: NodeJS.ProcessEnv,
  { json }: { json?: boolean },
  out: (line: string) => void,
): Promise<number> {
  const store = await openStore(readConfig(env), (sentence) => void process.stderr.write(`${sentence}\n`))
  try {
    const shown = (await listShown(store.db)).map(({ row, utility, owner }) => ({
      registration_uid: row.registrationUid,
      utility: utility.id,
      support: utility.support,
      environment: row.environment,
      owner: owner ?? 'operator',
      client_id: row.clientId,
      bulk_id: row.bulkId,
      certificate_expires: certificateExpiry(openRegistration(row, store.envelope).certificate)?.toISOString() ?? null,
      checked: row.checked?.toISOString() ?? null,
      check: row.checkOutcome,
    }))
    if (json) out(JSON.stringify(shown))
    else if (shown.length === 0) out('There are no registrations yet. Make one: gbp utility add --help')
    for (const one of json ? [] : shown) {
      const expires = one.certificate_expires?.slice(0, 10) ?? 'no certificate'
      const place = `${one.registration_uid.padEnd(8)} ${one.utility.padEnd(10)} ${one.environment.padEnd(10)} ${one.owner.padEnd(16)}`
      out(`${place} client ${one.client_id}  certificate ${expires}  ${checkedOf(one)}`)
    }
    return 0
  } finally {
    await store.close()
  }
}

function checkedOf({ checked, check }: { checked: string | null; check: unknown }): string {
  if (checked === null) return 'never checked'
  const missing =
    typeof check === 'object' && check !== null && 'missing' in check && Array.isArray(check.missing)
      ? check.missing
      : []
  return `checked ${checked.slice(0, 16)}Z: ${missing.length === 0 ? 'nothing missing' : `missing ${missing.join(', ')}`}`
}
