import { z } from 'zod'

import { endpoints } from '../src/api/register-api.ts'
import { nativeEndpoints } from '../src/api/register-native-api.ts'

/** Fails when a success of the API is not as the schema of its endpoint declares it. Answers that no endpoint gives pass. */
export function checkAnswer(method: string, address: string, body: Record<string, unknown>): void {
  const endpoint = endpointOf(method, address)
  if (!endpoint || !(endpoint.answer instanceof z.ZodType)) return
  const parsed = endpoint.answer.safeParse(body)
  if (parsed.success) return
  throw new Error(`${method} ${endpoint.path} answers other than it declares:\n${z.prettifyError(parsed.error)}`)
}

/** The endpoint that an address leads to; one without parameters in its path goes first, as it does in the router. */
export function endpointOf(method: string, address: string) {
  const [, version, path = ''] = /^(?:https?:\/\/[^/]+)?\/api\/(v\d)([^?]*)/.exec(address) ?? []
  return (version === 'v2' ? endpoints : nativeEndpoints)
    .filter((each) => each.method === method && toPattern(each.path).test(path))
    .toSorted((a, b) => a.path.split(':').length - b.path.split(':').length)[0]
}

function toPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}/?$`)
}
