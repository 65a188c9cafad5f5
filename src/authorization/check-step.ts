import type { Connection } from '../utilities/connections.ts'
import { ClientRejected, TokenRefused, UtilityUnavailable } from '../utilities/errors.ts'
import { type Finding, missing } from '../utilities/finding.ts'

/** What a step of `gbp utility check` found, and what the next one needs of it; value null: the next cannot be tried. */
export type Step<T> = { value: T | null; finding: Finding }

/** Runs one step; what goes wrong becomes a sentence on who has to do what. */
export async function step<T>(
  check: string,
  { utility, registration }: Connection,
  run: () => Promise<Step<T>>,
): Promise<Step<T>> {
  try {
    return await run()
  } catch (error) {
    return {
      value: null,
      finding: missing(check, sentenceOf(error, { name: utility.name, clientId: registration.clientId })),
    }
  }
}

function sentenceOf(error: unknown, { name, clientId }: { name: string; clientId: string }): string {
  if (error instanceof ClientRejected) {
    if (error.code === 'certificate_refused') {
      return `${name} refuses our client certificate. It has to be the one that is registered in its portal; changing it there can take a day.`
    }
    if (error.code === 'invalid_client' || error.code === 'unauthorized_client') {
      return `${name} does not take the client id ${clientId} with this secret. Compare both with its portal.`
    }
    return `${name} refuses the request (${error.code}). Is the registration approved, and for this environment?`
  }
  if (error instanceof TokenRefused)
    return `${name} gave a token and does not take it here (status ${error.status}). Ask them.`
  if (error instanceof UtilityUnavailable && error.code === 'server_not_trusted') {
    return `The certificate of ${name}'s server is not trusted. Check the address; never switch the check off.`
  }
  if (error instanceof UtilityUnavailable)
    return `${name} could not be asked (${error.code}). Check the address and the network, or try later.`
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unexpected'
  return `The answer of ${name} could not be used (${code}).`
}
