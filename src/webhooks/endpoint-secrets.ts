import { z } from 'zod'

import type { Uid } from '../model/uid.ts'
import { contextOf, type Envelope } from '../storage/secrets.ts'
import type { EndpointSecrets } from './sign-delivery.ts'

const secrets = z.object({
  secret: z.string(),
  previous: z.string().nullable(),
  previousUntil: z.number(),
  privateKey: z.string(),
})

/** The secrets of an endpoint as they were sealed. Throws ZodError when they are none. */
export function readSecrets(opened: unknown): EndpointSecrets {
  return secrets.parse(opened)
}

/** Where the secrets of an endpoint are sealed to. */
export function secretsContext({ endpointUid, companyUid }: { endpointUid: Uid; companyUid: Uid }): string {
  return contextOf('webhook_endpoints', 'secrets', endpointUid, companyUid)
}

export type OpenSecrets = (endpoint: { endpointUid: Uid; companyUid: Uid; secrets: Buffer }) => EndpointSecrets

/** So many endpoints' secrets are kept open; where there are more, all are opened anew. */
const KEPT = 1000

/** Opens sealed secrets, once while they stay the same. Throws SecretUnreadable. */
export function secretsOpener(envelope: Envelope): OpenSecrets {
  const kept = new Map<Uid, { sealed: Buffer; opened: EndpointSecrets }>()
  return (endpoint) => {
    const known = kept.get(endpoint.endpointUid)
    if (known?.sealed.equals(endpoint.secrets)) return known.opened
    const opened = readSecrets(envelope.openJson(endpoint.secrets, secretsContext(endpoint)))
    if (kept.size >= KEPT) kept.clear()
    kept.set(endpoint.endpointUid, { sealed: endpoint.secrets, opened })
    return opened
  }
}
