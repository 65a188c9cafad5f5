import type { Uid } from '../model/uid.ts'
import type { Connections } from '../utilities/connections.ts'
import { ClientRejected, TokenRefused } from '../utilities/errors.ts'
import { clientCredentials } from './oauth.ts'

/** Our own tokens, by registration: for metadata, bulk files and revocation. */
export type ClientTokens = {
  clientToken(registrationUid: Uid): Promise<string>
  /**
   * Runs `use` with a token; when the utility does not take it, once more with a new one, then ClientRejected. Each run
   * asks for its own place in the utility's quota, right before its request.
   */
  withClientToken<T>(registrationUid: Uid, use: (token: string) => Promise<T>): Promise<T>
}

/** A token is not used in its last minute: it would expire on the way. */
const MARGIN_MS = 60_000

/** Kept in memory, one request at a time for each registration. */
export function openClientTokens(deps: { connections: Connections; now: () => Date }): ClientTokens {
  const kept = new Map<Uid, { token: string; until: number }>()
  const asking = new Map<Uid, Promise<string>>()

  async function clientToken(registrationUid: Uid): Promise<string> {
    const known = kept.get(registrationUid)
    if (known && known.until > deps.now().getTime()) return known.token
    const running = asking.get(registrationUid)
    if (running) return await running
    const request = ask(registrationUid).finally(() => asking.delete(registrationUid))
    asking.set(registrationUid, request)
    return await request
  }

  async function ask(registrationUid: Uid): Promise<string> {
    const connection = await deps.connections.of(registrationUid)
    const { token, expiresIn } = await clientCredentials(connection, deps.now())
    kept.set(registrationUid, { token, until: deps.now().getTime() + expiresIn * 1000 - MARGIN_MS })
    return token
  }

  return {
    clientToken,
    async withClientToken(registrationUid, use) {
      const first = await clientToken(registrationUid)
      try {
        return await use(first)
      } catch (error) {
        if (!(error instanceof TokenRefused)) throw error
      }
      if (kept.get(registrationUid)?.token === first) kept.delete(registrationUid)
      const token = await clientToken(registrationUid)
      try {
        return await use(token)
      } catch (error) {
        if (!(error instanceof TokenRefused)) throw error
        throw new ClientRejected('client_token_refused', { status: error.status, cause: error })
      }
    },
  }
}
