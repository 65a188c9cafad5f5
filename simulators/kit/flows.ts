import { randomUUID } from 'node:crypto'

/** A browser's way through the sharing pages, from the authorize request to the redirect back. */
export type Flow = {
  id: string
  /** Third party that sent the customer. */
  party: string
  redirectUri: string
  state: string | null
  scope: string
  challenge: string | null
  login: string | null
  minEnd: number | null
  preferredEnd: number | null
  startedAt: number
  /** SCE shows its terms before the accounts. */
  agreed: boolean
}

const maxFlows = 20_000

export type Flows = {
  open(flow: Omit<Flow, 'id' | 'startedAt' | 'agreed'>): Flow
  find(id: string | null): Flow | null
  close(flow: Flow): void
}

/** Flows live in memory only: a restart sends the customer back to the start, with a page that says so. */
export const createFlows = (): Flows => {
  const flows = new Map<string, Flow>()
  return {
    open(flow) {
      const opened: Flow = { ...flow, id: randomUUID(), startedAt: Date.now(), agreed: false }
      flows.set(opened.id, opened)
      if (flows.size > maxFlows) flows.delete(flows.keys().next().value ?? '')
      return opened
    },
    find: (id) => flows.get(id ?? '') ?? null,
    close: (flow) => void flows.delete(flow.id),
  }
}

/** Appends parameters to a redirect address; values must be encoded already. */
export const withParameters = (address: string, parameters: readonly (readonly [string, string | null])[]): string => {
  const query = parameters
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  return `${address}${address.includes('?') ? '&' : '?'}${query}`
}

/** The way back with an error, RFC 6749 section 4.1.2.1. */
export const errorRedirect = (flow: Pick<Flow, 'redirectUri' | 'state'>, error: string): string =>
  withParameters(flow.redirectUri, [
    ['error', error],
    ['state', flow.state === null ? null : encodeURIComponent(flow.state)],
  ])
