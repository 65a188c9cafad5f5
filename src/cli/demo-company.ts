import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { authenticate, createApiToken } from '../accounts/api-tokens.ts'
import { ensureDemoCompany } from '../accounts/demo-company.ts'
import type { AppRoles } from '../app.ts'
import type { Store } from '../open-store.ts'
import type { Config } from '../config.ts'
import { utilities } from '../utilities/index.ts'
import { addressesAt } from '../utilities/registration.ts'
import { saveRegistration } from '../utilities/save-registration.ts'
import type { SimulatedUtility, SimulatorsProcess } from './simulators-process.ts'

export type Demo = {
  shown: NonNullable<AppRoles['demo']>
  /** What each simulated utility has to know of us. */
  registrations: {
    utility: SimulatedUtility
    addresses: { redirectUri: string; notificationUri: string; portalUri: string }
  }[]
}

/**
 * The demo company with its form links and API token, and our registrations at the simulated utilities. Safe to repeat:
 * the next start finds the same company, token and registrations, at the ports that the utilities have now.
 */
export async function openDemo(store: Store, config: Config, simulated: SimulatorsProcess['utilities']): Promise<Demo> {
  const deps = { ...store, now: () => new Date(), random: (bytes: number): Uint8Array => randomBytes(bytes) }
  const { companyUid, memberUid, alias } = await ensureDemoCompany(deps)
  const token = await keptToken(path.join(config.dataDir, 'demo-token'), deps, { companyUid, memberUid })
  const registrations: Demo['registrations'] = []
  const forms: Demo['shown']['forms'] = []
  for (const utility of utilities) {
    const found = Object.values(simulated).find((one) => one.utility === utility.id)
    if (!found) continue
    const { clientId, bulkId, clientSecret, registrationAccessToken, certificate, key } = found.registration
    const { notificationKey } = await saveRegistration(deps, {
      ...{ utility, environment: 'simulated', companyUid: null, clientId, bulkId },
      addresses: addressesAt(utility, found),
      secrets: { clientSecret, registrationAccessToken, certificate, key, ca: found.ca },
    })
    const { publicUrl } = config
    registrations.push({
      utility: found,
      addresses: {
        redirectUri: `${publicUrl}/utilities/${utility.slug}/callback`,
        notificationUri: `${publicUrl}/notifications/${notificationKey}`,
        portalUri: `${publicUrl}/utilities/${utility.slug}/portal`,
      },
    })
    forms.push({ utility: utility.id, url: `${publicUrl}/${utility.slug}/gb-oauth/${alias}` })
  }
  const customers = Object.values(simulated).flatMap(({ utility, customers: all }) =>
    all.map(({ login, password, about }) => ({ utility, login, password, about })),
  )
  const { dataDir, mailUrl, publicUrl } = config
  const mailDir = mailUrl === null ? path.join(dataDir, 'mail') : null
  const shown = {
    company: 'Sunrise Solar (demo)',
    forms,
    customers,
    apiUrl: `${publicUrl}/api/v2`,
    token,
    dataDir,
    mailDir,
    companyUid,
  }
  return { shown, registrations }
}

type TokenDeps = Parameters<typeof createApiToken>[0]

/** The demo's API token, kept in a file of mode 0600 so that the next start shows the same one. */
async function keptToken(
  file: string,
  deps: TokenDeps,
  owner: { companyUid: string; memberUid: string },
): Promise<string> {
  const kept = await readFile(file, 'utf8')
    .then((text) => text.trim())
    .catch(() => '')
  const known = await authenticate(deps.db, kept, deps.now())
  if (known && !('refused' in known)) return kept
  const token = await createApiToken(deps, { ...owner, name: 'demo' })
  await writeFile(file, `${token}\n`, { mode: 0o600 })
  return token
}
