import { lastSegment } from '../espi/href.ts'
import { parseAuthorization } from '../espi/parse-batch-list.ts'
import { parseBytes } from '../espi/parse.ts'
import type { Connection } from '../utilities/connections.ts'
import { TokenRefused } from '../utilities/errors.ts'

/** What the utility says of a grant. Nulls: it does not say, or could not be asked now. */
export type GrantStatus = {
  isActive: boolean | null
  scope: string | null
  /** The utility's own end, null without one. */
  ends: Date | null
  /** From when the utility publishes data. */
  publishedStart: Date | null
}

const UNKNOWN: GrantStatus = { isActive: null, scope: null, ends: null, publishedStart: null }
/** An end further away means "until cancelled": one utility writes thousands of years. */
const FOREVER_MS = 50 * 365.25 * 86_400_000

/**
 * Reads an Authorization resource: status 1 is active, 0 revoked, 2 denied (espi.xsd AuthorizationStatus); periods in
 * seconds or, at one utility, milliseconds. An address that is gone means that the grant is.
 */
export async function fetchGrantStatus(
  { transport, admit }: Connection,
  request: { authorizationUri: string; token: string; now: Date; signal?: AbortSignal },
): Promise<GrantStatus> {
  const { authorizationUri, token, now, signal } = request
  await admit()
  const { meaning, bytes } = await transport.get(authorizationUri, token, signal ? { signal } : {})
  if (meaning === 'gone') return { ...UNKNOWN, isActive: false }
  if (meaning !== 'data') return UNKNOWN
  const id = lastSegment(authorizationUri)
  const all = parseAuthorization(bytes)
  const found = all.find(({ self }) => lastSegment(self) === id) ?? (all.length === 1 ? all[0] : undefined)
  if (!found) return { ...UNKNOWN, isActive: false }
  const { authorizedPeriod, publishedPeriod, scope } = found.value
  const stated = found.value.status?.trim().toLowerCase() ?? null
  return {
    isActive: stated === null ? null : stated === '1' || stated === 'active',
    scope,
    ends: endOfPeriod(authorizedPeriod, now),
    publishedStart: momentOf(publishedPeriod?.start ?? null),
  }
}

/** The usage points a grant opens, by the utility's own keys; null when it has no such list. */
export async function fetchUsagePoints(
  { utility, registration, transport, admit }: Connection,
  request: { subscription: string; token: string },
): Promise<string[] | null> {
  const path = utility.espi.paths.usagePoints
  if (path === null) return null
  const url = `${registration.addresses.resourceBase}/${path.replace('{s}', encodeURIComponent(request.subscription))}`
  await admit()
  const { meaning, bytes } = await transport.get(url, request.token)
  if (meaning !== 'data') return null
  const keys = parseBytes(bytes).entries.flatMap(({ self, content }) =>
    content?.kind === 'UsagePoint' ? [lastSegment(self) ?? ''] : [],
  )
  return [...new Set(keys.filter((key) => key !== ''))]
}

/** The status, or unknown when the utility does not take the token for it: then nothing can be concluded. */
export async function tryGrantStatus(
  connection: Connection,
  request: { authorizationUri: string; token: string; now: Date },
): Promise<GrantStatus> {
  try {
    return await fetchGrantStatus(connection, request)
  } catch (error) {
    if (error instanceof TokenRefused) return UNKNOWN
    throw error
  }
}

type Period = { start: number | null; duration: number | null } | null

function endOfPeriod(period: Period, now: Date): Date | null {
  const start = period?.start ?? null
  const duration = period?.duration ?? null
  if (start === null || duration === null || duration <= 0) return null
  const unit = start > 1e11 ? 1 : 1000
  const end = (start + duration) * unit
  return end > now.getTime() + FOREVER_MS || !Number.isFinite(end) ? null : new Date(end)
}

function momentOf(value: number | null): Date | null {
  if (value === null || value <= 0) return null
  return new Date(value > 1e11 ? value : value * 1000)
}
