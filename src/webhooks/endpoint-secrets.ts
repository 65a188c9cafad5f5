import { z } from 'zod'

import type { Uid } from '../model/uid.ts'
import { contextOf } from '../storage/secrets.ts'
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
