import { dayOf, midnight } from '../world/local-days.ts'
import type { Settings } from './settings.ts'
import type { Answer, Incoming } from './server.ts'

/** What the admin API tells about the requests that came in; never a token or a code. */
export type RequestLog = {
  record(entry: { incoming: Incoming; kind: string; status: number; now: number; grant: string | null }): void
  /** Counts a request against the quota; the answer to give when the quota is on and exceeded. */
  meter(settings: Settings, now: number, client: string): Answer | null
  summary(): unknown
}

const headersOfInterest = ['user-agent', 'accept', 'accept-encoding', 'content-type', 'traceparent', 'x-request-id']

export const createRequestLog = (): RequestLog => {
  const byKind = new Map<string, number>()
  const last: unknown[] = []
  const counts = {
    total: 0,
    tokenRequests: 0,
    refreshes: 0,
    codes: 0,
    clientTokens: 0,
    deletes: 0,
    withoutCertificate: 0,
  }
  const violations = { perSecond: 0, perHour: 0, perDay: 0 }
  const recentOf = new Map<string, number[]>()
  const lastSecond: number[] = []
  const add = (key: string): void => void byKind.set(key, (byKind.get(key) ?? 0) + 1)
  return {
    record({ incoming, kind, status, now, grant }) {
      counts.total++
      add(kind)
      add(`${kind} ${status}`)
      if (kind === 'token') counts.tokenRequests++
      if (grant === 'refresh_token') counts.refreshes++
      if (grant === 'authorization_code') counts.codes++
      if (grant === 'client_credentials') counts.clientTokens++
      if (incoming.method === 'DELETE') counts.deletes++
      if (incoming.certificate === null) counts.withoutCertificate++
      const headers = Object.fromEntries(
        headersOfInterest.map((h) => [h, incoming.header(h)]).filter(([, value]) => value !== ''),
      )
      const authorization = incoming.header('authorization').split(' ')[0] ?? ''
      const target = incoming.target.replaceAll(/(code|token|secret)=[^&]*/g, '$1=***')
      last.push({
        at: new Date(now * 1000).toISOString(),
        method: incoming.method,
        target,
        kind,
        status,
        grant,
        authorization,
        headers,
      })
      if (last.length > 200) last.shift()
    },
    meter(settings, now, client) {
      const recent = recentOf.get(client) ?? []
      recentOf.set(client, recent)
      const limits = settings.quota ?? { perSecond: 1, perHour: 2000, perDay: 20_000 }
      recent.push(now)
      lastSecond.push(now)
      while ((lastSecond[0] ?? now) <= now - 1) lastSecond.shift()
      while (recent.length > limits.perDay + 1 || (recent[0] ?? now) <= now - 86_400) recent.shift()
      const today = recent.length - firstAfter(recent, quotaDayStart(now) - 1)
      const within = (seconds: number): number => recent.length - firstAfter(recent, now - seconds)
      const over =
        (settings.quota?.secondPerVendor === true ? lastSecond.length : within(1)) > limits.perSecond
          ? 'perSecond'
          : within(3600) > limits.perHour
            ? 'perHour'
            : today > limits.perDay
              ? 'perDay'
              : null
      if (!over) return null
      violations[over]++
      if (!settings.quota) return null
      return {
        status: settings.limitStatus,
        type: 'text/plain',
        headers: { 'retry-after': over === 'perSecond' ? '1' : '60' },
        body: settings.limitBody,
      }
    },
    summary: () => ({
      ...counts,
      byKind: Object.fromEntries([...byKind].sort(([a], [b]) => a.localeCompare(b))),
      quotaViolations: violations,
      last,
    }),
  }
}

/** The latest 17:00 Pacific, at which PG&E's daily count begins anew. */
export const quotaDayStart = (now: number): number => {
  const at = (day: number): number => midnight(day + 1) - 7 * 3600
  const today = dayOf(now)
  return at(today) <= now ? at(today) : at(today - 1)
}

/** Index of the first element greater than `bound` in an ascending list. */
function firstAfter(ascending: readonly number[], bound: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ascending[middle] ?? 0) > bound) high = middle
    else low = middle + 1
  }
  return low
}
