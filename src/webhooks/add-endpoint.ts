import type { Uid } from '../model/uid.ts'
import type { Db } from '../storage/db.ts'
import type { Envelope } from '../storage/secrets.ts'
import { editEndpoint, insertEndpoint, listEndpoints, nextEndpointUid } from '../storage/webhook-endpoints.ts'
import { type AllowedNetworks, checkEndpoint, type Resolve, resolveEndpoint } from './address-guard.ts'
import { readSecrets, secretsContext } from './endpoint-secrets.ts'
import { newSecret, newSecrets } from './sign-delivery.ts'

export type EndpointDeps = {
  db: Db
  envelope: Envelope
  allowed: AllowedNetworks
  lookup: Resolve
  random: (bytes: number) => Uint8Array
  now: () => Date
}

/**
 * Adds an endpoint of a company and returns its uid and secret. Its address is resolved and judged now, and at each
 * delivery. Throws AddressRefused.
 */
export async function addEndpoint(
  deps: EndpointDeps,
  companyUid: Uid,
  { url, description, eventTypes }: { url: string; description: string; eventTypes: string[] | null },
): Promise<{ endpointUid: Uid; secret: string }> {
  await judgeAddress(deps, url)
  const secrets = newSecrets(deps.random)
  const endpointUid = await deps.db.company(companyUid, async (tx) => {
    const uid = await nextEndpointUid(tx)
    const sealed = deps.envelope.seal(secrets, secretsContext({ endpointUid: uid, companyUid }))
    const given = { endpointUid: uid, companyUid, url, description, eventTypes }
    await insertEndpoint(tx, { ...given, secrets: sealed, now: deps.now() })
    return uid
  })
  return { endpointUid, secret: secrets.secret }
}

/** Judges where an address leads. Throws AddressRefused. */
export async function judgeAddress({ allowed, lookup }: EndpointDeps, url: string): Promise<void> {
  await resolveEndpoint(checkEndpoint(url, allowed), allowed, lookup)
}

/**
 * Gives an endpoint a new secret; the one before is valid for `overlapMs` more. Returns the new one; null when the company
 * has no such endpoint.
 */
export async function rotateSecret(
  { db, envelope, random, now }: EndpointDeps,
  companyUid: Uid,
  { endpointUid, overlapMs }: { endpointUid: Uid; overlapMs: number },
): Promise<string | null> {
  return await db.company(companyUid, async (tx) => {
    const [endpoint] = await listEndpoints(tx, endpointUid)
    if (!endpoint) return null
    const context = secretsContext(endpoint)
    const before = readSecrets(envelope.openJson(endpoint.secrets, context))
    const secret = newSecret(random)
    const secrets = { ...before, secret, previous: before.secret, previousUntil: now().getTime() + overlapMs }
    await editEndpoint(tx, endpointUid, { secrets: envelope.seal(secrets, context) }, now())
    return secret
  })
}
