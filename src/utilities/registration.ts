import { z } from 'zod'

import type { Uid } from '../model/uid.ts'
import type { RegistrationRow } from '../storage/registrations.ts'
import { contextOf, type Envelope } from '../storage/secrets.ts'
import type { Addresses, Utility } from './contract.ts'
import { utilityOf } from './index.ts'

/** What the operator (or one company) holds at one utility; the secrets of it are sealed in the database. */
export type Registration = {
  registrationUid: Uid
  utility: Utility
  companyUid: Uid | null
  environment: string
  clientId: string
  bulkId: string | null
  notificationKey: string
  applicationId?: string | null
  /** The profile's addresses of this environment, with the registration's overrides over them. */
  addresses: Addresses
} & RegistrationSecrets

export type RegistrationSecrets = {
  clientSecret: string
  registrationAccessToken: string | null
  /** PEM of our client certificate and its key, where the profile wants mutual TLS. */
  certificate: string | null
  key: string | null
  /** PEM of an authority to trust beside the public ones; outside production only. */
  ca: string | null
  /** What the last rotation replaced, to go back to; null: nothing was. */
  previous?: PreviousSecrets | null | undefined
}

export type PreviousSecrets = Pick<
  RegistrationSecrets,
  'clientSecret' | 'registrationAccessToken' | 'certificate' | 'key'
> & {
  /** When it was replaced, ISO 8601. */
  replaced: string
}

/** A registration that cannot be used; the message says which field and why. */
export class BadRegistration extends Error {
  readonly code = 'bad_registration'
}

const changing = {
  clientSecret: z.string().min(1),
  registrationAccessToken: z.string().nullable(),
  certificate: z.string().nullable(),
  key: z.string().nullable(),
}
const secretsSchema = z.strictObject({
  ...changing,
  ca: z.string().nullable(),
  previous: z.strictObject({ ...changing, replaced: z.iso.datetime() }).nullish(),
})
const addressesSchema = z.strictObject({
  authorizationEndpoint: z.url().optional(),
  tokenEndpoint: z.url().optional(),
  resourceBase: z.url().optional(),
  customerPortal: z.url().nullable().optional(),
})

/** Opens a stored registration. Throws BadRegistration on addresses or secrets that must not be used. */
export function openRegistration(row: RegistrationRow, envelope: Envelope): Registration {
  const utility = utilityOf(row.utility)
  const secrets = secretsSchema.parse(envelope.openJson(row.secrets, secretsContext(row)))
  const addresses = resolveAddresses(utility, row.environment, row.addresses)
  if (secrets.ca !== null && row.environment === 'production') {
    throw new BadRegistration(`registration ${row.registrationUid}: ca is for simulated and test environments only`)
  }
  return {
    registrationUid: row.registrationUid,
    utility,
    companyUid: row.companyUid,
    environment: row.environment,
    clientId: row.clientId,
    bulkId: row.bulkId,
    notificationKey: row.notificationKey,
    applicationId: row.applicationId,
    addresses,
    ...secrets,
  }
}

/** The secrets of a registration as they are stored; bound to its row. */
export function sealSecrets(
  row: Pick<RegistrationRow, 'registrationUid' | 'companyUid'>,
  secrets: RegistrationSecrets,
  envelope: Envelope,
): Uint8Array {
  return envelope.seal(secretsSchema.parse(secrets), secretsContext(row))
}

/**
 * Addresses of an environment with overrides over them. https everywhere, except on loopback in the simulated
 * environment; and the simulated environment reaches loopback only, so that a test never speaks to a real utility.
 */
export function resolveAddresses(utility: Utility, environment: string, overrides: unknown): Addresses {
  const given = addressesSchema.safeParse(overrides ?? {})
  if (!given.success) throw new BadRegistration(`addresses of a registration at ${utility.id}: ${given.error.message}`)
  const known = utility.environments[environment] ?? Object.values(utility.environments)[0]
  if (!known) throw new BadRegistration(`${utility.id} has no environment ${environment}`)
  if (!utility.environments[environment] && environment !== 'simulated') {
    throw new BadRegistration(`${utility.id} has no environment ${environment}`)
  }
  const stated = Object.fromEntries(Object.entries(given.data).filter(([, value]) => value !== undefined))
  const addresses: Addresses = { ...known, ...stated }
  for (const field of ['authorizationEndpoint', 'tokenEndpoint', 'resourceBase'] as const) {
    refuseUnsafe(addresses[field], { environment, what: `${field} of a registration at ${utility.id}` })
  }
  return addresses
}

/**
 * The utility's test twins of a registration's addresses: the profile's environment `test`, each origin where the
 * registration has moved it (that is how a simulator's twins are reached). null: the utility has no twins.
 */
export function testTwins({ utility, environment, addresses }: Registration): Addresses | null {
  const { test } = utility.environments
  if (environment === 'test') return addresses
  const base = utility.environments[environment] ?? Object.values(utility.environments)[0]
  if (!test || !base) return null
  const moved = new Map(
    (['authorizationEndpoint', 'tokenEndpoint', 'resourceBase'] as const).map((field) => [
      new URL(base[field]).origin,
      new URL(addresses[field]).origin,
    ]),
  )
  const at = (address: string): string => {
    const { origin, pathname } = new URL(address)
    return `${moved.get(origin) ?? origin}${pathname}`
  }
  return {
    authorizationEndpoint: at(test.authorizationEndpoint),
    tokenEndpoint: at(test.tokenEndpoint),
    resourceBase: at(test.resourceBase),
    customerPortal: null,
  }
}

/** The same paths on other origins: how a simulator that serves the utility's own paths is reached. */
export function addressesAt(utility: Utility, origins: { pages: string; api: string }): Addresses {
  const [known] = Object.values(utility.environments)
  if (!known) throw new BadRegistration(`${utility.id} has no environment`)
  const moved = (address: string, origin: string): string => `${origin}${new URL(address).pathname}`
  return {
    authorizationEndpoint: moved(known.authorizationEndpoint, origins.pages),
    tokenEndpoint: moved(known.tokenEndpoint, origins.api),
    resourceBase: moved(known.resourceBase, origins.api),
    customerPortal: null,
  }
}

function refuseUnsafe(address: string, { environment, what }: { environment: string; what: string }): void {
  const { protocol, hostname, username, password, search, hash } = new URL(address)
  const loopback = hostname === '127.0.0.1' || hostname === 'localhost' || hostname === '[::1]'
  if (username !== '' || password !== '' || search !== '' || hash !== '') {
    throw new BadRegistration(`${what}: no user, password, query or fragment`)
  }
  if (environment === 'simulated' && !loopback) throw new BadRegistration(`${what}: simulated means on loopback`)
  if (protocol !== 'https:' && !(environment === 'simulated' && protocol === 'http:')) {
    throw new BadRegistration(`${what}: https only`)
  }
}

function secretsContext({
  registrationUid,
  companyUid,
}: Pick<RegistrationRow, 'registrationUid' | 'companyUid'>): string {
  return contextOf('registrations', 'secrets', registrationUid, companyUid ?? 'operator')
}
