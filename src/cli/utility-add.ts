import { randomBytes } from 'node:crypto'

import { callbackUrl } from '../authorization/addresses.ts'
import { openStore } from '../open-store.ts'
import { type Config, readConfig } from '../config.ts'
import { listCompanies } from '../storage/companies.ts'
import type { Db } from '../storage/db.ts'
import { findRegistrationByClient } from '../storage/registrations.ts'
import type { Addresses, Utility } from '../utilities/contract.ts'
import { saveRegistration } from '../utilities/save-registration.ts'
import { findUtility } from './utility-find.ts'
import { BadInput, readGiven, readText, type SecretOptions } from './utility-secrets.ts'

export type AddOptions = SecretOptions & {
  environment?: string
  company?: string
  clientId?: string
  bulkId?: string
  applicationId?: string
  authorizationEndpoint?: string
  tokenEndpoint?: string
  resourceBase?: string
  json?: boolean
}

/**
 * `gbp utility add [UTILITY]`: stores a registration, the operator's own or (--company) one company's, and prints the
 * addresses to register at the utility. Returns the exit code. Throws BadInput, BadRegistration.
 */
export async function addRegistration(
  env: NodeJS.ProcessEnv,
  name: string | undefined,
  options: AddOptions,
  out: (line: string) => void,
): Promise<number> {
  const given = readGiven(options, env, readText)
  const utility = findUtility(required(name ?? given.utility, 'the utility'))
  const environment = options.environment ?? given.environment ?? 'production'
  const clientId = required(options.clientId ?? given.clientId, '--client-id')
  const { authorizationEndpoint, tokenEndpoint, resourceBase } = options
  const overrides = { authorizationEndpoint, tokenEndpoint, resourceBase }
  const clientSecret = required(
    given.clientSecret,
    'the client secret (--client-secret-file, GBP_CLIENT_SECRET or --from)',
  )
  const config = readConfig(env)
  const store = await openStore(config, (sentence) => void process.stderr.write(`${sentence}\n`))
  try {
    const companyUid = await companyOf(store.db, options.company ?? given.company ?? null)
    const known = await store.db.operator((tx) =>
      findRegistrationByClient(tx, { utility: utility.id, environment, clientId }),
    )
    if (known)
      throw new BadInput(
        `It is registered already, as ${known.registrationUid}. New secrets: gbp utility rotate ${known.registrationUid}`,
      )
    const deps = { ...store, now: () => new Date(), random: (bytes: number): Uint8Array => randomBytes(bytes) }
    const { registrationUid, notificationKey } = await saveRegistration(deps, {
      ...{ utility, environment, companyUid, clientId },
      bulkId: options.bulkId ?? given.bulkId ?? null,
      applicationId: options.applicationId ?? given.applicationId ?? null,
      addresses: { ...stated(given.addresses ?? {}), ...stated(overrides) },
      secrets: {
        clientSecret,
        registrationAccessToken: given.registrationToken ?? null,
        certificate: given.certificate ?? null,
        key: given.key ?? null,
        ca: given.ca ?? null,
      },
    })
    const addresses = ownAddresses(config, utility, notificationKey)
    if (options.json)
      out(
        JSON.stringify({ ok: true, registration_uid: registrationUid, utility: utility.id, environment, ...addresses }),
      )
    else print({ registrationUid, utility, environment, addresses }, out)
    return 0
  } finally {
    await store.close()
  }
}

type OwnAddresses = Record<'redirect_uri' | 'notification_uri' | 'portal_uri', string>

/** What has to be registered at the utility. */
export function ownAddresses({ publicUrl }: Config, { slug }: Utility, notificationKey: string): OwnAddresses {
  return {
    redirect_uri: callbackUrl(publicUrl, slug),
    notification_uri: `${publicUrl}/notifications/${notificationKey}`,
    portal_uri: `${publicUrl}/utilities/${slug}/portal`,
  }
}

function required(value: string | undefined, what: string): string {
  if (value === undefined || value === '') throw new BadInput(`Missing: ${what}.`)
  return value
}

async function companyOf(db: Db, alias: string | null): Promise<string | null> {
  if (alias === null) return null
  const all = await db.operator((tx) => listCompanies(tx))
  const found = all.find((company) => company.alias === alias)
  const names = all.map((company) => company.alias).join(', ') || 'none'
  if (!found) throw new BadInput(`No company has the alias ${alias}. There are: ${names}.`)
  return found.companyUid
}

function stated(addresses: { [field in keyof Addresses]?: Addresses[field] | undefined }): Partial<Addresses> {
  return Object.fromEntries(Object.entries(addresses).filter(([, value]) => value !== undefined))
}

type Printed = { registrationUid: string; utility: Utility; environment: string; addresses: OwnAddresses }

function print({ registrationUid, utility, environment, addresses }: Printed, out: (line: string) => void): void {
  out(`Registration ${registrationUid} at ${utility.name} (${environment}) is stored, its secrets encrypted.`)
  if (utility.support === 'profile-only') out('This profile was never tried against the utility: check everything.')
  out('Register these addresses at the utility:')
  out(`  redirect      ${addresses.redirect_uri}`)
  out(`  notification  ${addresses.notification_uri}`)
  out(`  portal        ${addresses.portal_uri}`)
  out(`Then: gbp utility check ${registrationUid}`)
}
