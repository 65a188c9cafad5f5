import { answerAdmin, expireTokens, type Hooks, pushNewDays } from './admin.ts'
import { bearerOf } from './authorizations.ts'
import { connectionModeOf, throughFault } from './faults.ts'
import type { Fault, FaultPoint } from './faults/contract.ts'
import { type Answer, type Guard, type Incoming, listen, type Listening } from './server.ts'
import { tokenParameters } from './token-endpoint.ts'
import type { Utility } from './utility.ts'

/** One server of a utility: the pages (which carry the admin API) or the token and resource API, or both in one. */
export type Mount = {
  port: number
  flag: string
  role: 'pages' | 'api' | 'both'
  kindOf(incoming: Incoming): FaultPoint | 'page'
  handle(incoming: Incoming, fault: Fault | null): Answer | null
}

export type Mounted = { utility: Utility; hooks: Hooks; close(): Promise<void> }

const tickMs = 20_000

/** Starts the servers of a utility, fills in its origins, and publishes new days while real time passes. */
export const mount = async (utility: Utility, hooks: Hooks, mounts: readonly Mount[]): Promise<Mounted> => {
  const listening: Listening[] = []
  utility.onEnded = (authorization) => hooks.revoked(authorization)
  const close = async (): Promise<void> => {
    clearInterval(timer)
    utility.notifier.close()
    await Promise.all(listening.map((server) => server.close()))
    utility.store.flush()
  }
  const timer = setInterval(() => pushNewDays(utility, hooks), tickMs)
  timer.unref()
  try {
    for (const one of mounts) {
      const tls = one.role === 'api' && utility.certificates ? utility.certificates.server : null
      const server = await listen({
        port: one.port,
        flag: one.flag,
        tls,
        handler: (incoming) => answer(utility, hooks, { one, incoming }),
        ...(tls ? { guard: guardOf(utility) } : {}),
      })
      listening.push(server)
      if (tls) {
        utility.present = (other) => server.present(other)
        utility.meetFaults = async () => {
          await server.refuse(utility.faults.isRefusing())
          server.closeIdle() // so that the next request of a client begins with a connection
        }
      }
      if (one.role !== 'api') utility.origins.pages = server.origin
      if (one.role !== 'pages') utility.origins.api = server.origin
    }
  } catch (error) {
    await close()
    throw error
  }
  pushNewDays(utility, hooks)
  return { utility, hooks, close }
}

/** A new connection to the API meets what is arranged for connections. */
const guardOf =
  (utility: Utility): Guard =>
  (socket, accept) => {
    const fault = utility.faults.take('connection', '')
    const mode = fault && connectionModeOf(fault)
    if (!fault || !mode) return accept()
    mode.meet({ socket, fault, accept, certificate: utility.badCertificates.get(mode.name) ?? null })
  }

async function answer(
  utility: Utility,
  hooks: Hooks,
  { one, incoming }: { one: Mount; incoming: Incoming },
): Promise<Answer> {
  if (one.role !== 'api') {
    const admin = await answerAdmin(utility, hooks, incoming)
    if (admin) return admin
  }
  const kind = one.kindOf(incoming)
  const fault = kind === 'page' ? null : utility.faults.take(kind, incoming.target)
  const limited =
    kind === 'resource' || kind === 'token'
      ? utility.requests.meter(utility.settings, utility.now(), clientOf(utility, incoming))
      : null
  const given =
    limited ??
    (await throughFault(fault, incoming, {
      next: () => one.handle(incoming, fault) ?? notFound,
      expireTokens: () => expireTokens(utility),
    }))
  const grant = kind === 'token' ? tokenParameters(incoming).get('grant_type') : null
  utility.requests.record({ incoming, kind, status: given.status, now: utility.now(), grant })
  return given
}

/** Whose quota a request is counted against. */
function clientOf(utility: Utility, incoming: Incoming): string {
  const header = incoming.header('authorization')
  const bearer = bearerOf(utility, header)
  if ('party' in bearer) return bearer.party.registration.clientId
  return (
    Buffer.from(/^basic\s+(\S+)$/i.exec(header)?.[1] ?? '', 'base64')
      .toString('utf8')
      .split(':')[0] ?? ''
  )
}

const notFound: Answer = { status: 404, type: 'text/plain', body: 'Not found' }
