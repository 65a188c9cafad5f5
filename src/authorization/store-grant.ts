import { lastSegment, segmentAfter } from '../espi/href.ts'
import type { DataClass } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'
import { appendAudit } from '../storage/audit.ts'
import {
  type AuthorizationRow,
  findRenewable,
  getAuthorization,
  listUsagePointsOf,
  setTerms,
} from '../storage/authorizations.ts'
import type { Tx } from '../storage/db.ts'
import { type FlowConsent, type FlowGranted, type FlowRow, moveFlow, saveFlowGrant } from '../storage/flows.ts'
import { insertGrant } from '../storage/grants.ts'
import type { Connection } from '../utilities/connections.ts'
import type { Espi } from '../utilities/contract.ts'
import { findTemplate } from '../storage/templates.ts'
import { fetchUsagePoints, type GrantStatus, tryGrantStatus } from './check-grant.ts'
import { countFailure } from './count-failure.ts'
import { dropGrant } from './end-authorization.ts'
import { classesOf, parseEspiScope } from './espi-scope.ts'
import { sealTokens } from './grant-tokens.ts'
import { dateIn, endOf, lastDateBefore, startOf } from './local-dates.ts'
import type { TokenGrant } from './oauth.ts'
import type { PathDeps } from './path-deps.ts'
import { begin } from './states.ts'

/** Longer than a first collection takes to find the usage points. */
const RECENT_MS = 7 * 86_400_000

type Granted = { flow: FlowRow; grant: TokenGrant; connection: Connection }

/**
 * Keeps a grant as soon as it is there: a pending authorization with sealed tokens, and the flow on its final step. null
 * when the flow has ended meanwhile: then the grant is dropped and the utility told.
 */
export async function storeGrant(
  tx: Tx,
  deps: PathDeps,
  { flow, grant, connection }: Granted,
): Promise<FlowRow | null> {
  const now = deps.now()
  const { timezone } = connection.utility
  const { consent, companyUid, registrationUid } = flow
  const template = await findTemplate(tx, flow.templateUid)
  const pending = await begin(
    tx,
    {
      companyUid,
      templateUid: flow.templateUid,
      formUid: flow.formUid,
      memberUid: flow.memberUid,
      registrationUid,
      utility: flow.utility,
      state: 'pending',
      customerName: flow.customerName,
      customerEmail: flow.customerEmail,
      language: flow.language,
      dataClasses: consent.dataClasses,
      historyStart: startOf(consent.historyStart, timezone),
      expires: endOf(consent.ends, timezone),
      monitoring: template?.monitoring ?? 'daily',
      created: now,
    },
    { by: 'customer', reason: 'granted_at_utility', now },
  )
  const { authorizationUid } = pending
  const place = { authorizationUid, grantNo: 1, companyUid }
  const { accessToken, refreshToken, expiresIn, subscriptionUri, authorizationUri, customerUri } = grant
  await insertGrant(tx, {
    ...place,
    registrationUid,
    subscriptionUri,
    authorizationUri,
    customerUri,
    tokens: sealTokens(deps.envelope, place, { accessToken, refreshToken, previous: null }),
    accessExpires: new Date(now.getTime() + expiresIn * 1000),
    created: now,
  })
  await noteWider(tx, flow, { authorizationUid, scope: grant.scope, now })
  const granted = grantedOf(consent, grant.scope)
  await keepTerms(tx, pending, { flow, grant, connection, granted })
  await saveFlowGrant(tx, {
    flowUid: flow.flowUid,
    authorizationUid,
    renews: flow.renews,
    consent: { ...consent, granted },
  })
  const moved = await moveFlow(tx, { flowUid: flow.flowUid, from: 'exchanging', to: 'granted', error: null, now })
  if (!moved) await dropGrant(tx, authorizationUid, { by: 'system', reason: 'flow_over', now })
  return moved
}

/**
 * The check of the grant, the only thing asked before the customer confirms: status and period with our own token, and
 * the number of usage points. What cannot be asked now stays unknown. Returns why nothing can come of it, or null.
 */
export async function learnGrant(
  deps: PathDeps,
  { flow, grant, connection }: Granted,
): Promise<'nothing_shared' | null> {
  const status = await askStatus(deps, { flow, grant, connection })
  const usagePoints = await askUsagePoints(deps, { flow, grant, connection })
  const { timezone } = connection.utility
  const scope = grant.scope ?? status?.scope ?? null
  const granted: FlowGranted = {
    ...grantedOf(flow.consent, scope),
    usagePoints,
    utilityEnds: status?.ends ? lastDateBefore(status.ends, timezone) : null,
    publishedStart: status?.publishedStart ? dateIn(timezone, status.publishedStart) : null,
  }
  return await deps.db.operator(async (tx) => {
    const now = deps.now()
    const { flowUid, authorizationUid, consent } = flow
    if (authorizationUid === null) return null
    const nothing = granted.dataClasses.length === 0 || usagePoints?.length === 0 || status?.isActive === false
    if (nothing) {
      const moved = await moveFlow(tx, { flowUid, from: 'granted', to: 'failed', error: 'nothing_shared', now })
      if (moved) await dropGrant(tx, authorizationUid, { by: 'system', reason: 'nothing_shared', now })
      return 'nothing_shared'
    }
    const pending = await getAuthorization(tx, authorizationUid)
    await keepTerms(tx, pending, { flow, grant: { ...grant, scope }, connection, granted })
    const renews = await renewedBy(tx, { flow, usagePoints, grant, connection })
    await saveFlowGrant(tx, { flowUid, authorizationUid, renews, consent: { ...consent, granted } })
    return null
  })
}

function grantedOf(consent: FlowConsent, scope: string | null): FlowGranted {
  const open: readonly DataClass[] = (scope === null ? null : classesOf(parseEspiScope(scope))) ?? consent.dataClasses
  return {
    scope: scope ?? consent.scopeAsked,
    // Wider than asked is cut; narrower is kept and shown.
    dataClasses: consent.dataClasses.filter((name) => open.includes(name)),
    usagePoints: null,
    utilityEnds: null,
    publishedStart: null,
  }
}

async function keepTerms(
  tx: Tx,
  pending: AuthorizationRow,
  { flow, grant, connection, granted }: Granted & { granted: FlowGranted },
): Promise<void> {
  const { timezone } = connection.utility
  const { authorizationUid } = pending
  const ends = [flow.consent.ends, ...(granted.utilityEnds === null ? [] : [granted.utilityEnds])].sort()
  const starts = [
    flow.consent.historyStart,
    ...(granted.publishedStart === null ? [] : [granted.publishedStart]),
  ].sort()
  await setTerms(tx, authorizationUid, {
    registrationUid: flow.registrationUid,
    dataClasses: granted.dataClasses,
    historyStart: startOf(starts.at(-1) ?? flow.consent.historyStart, timezone),
    expires: endOf(ends[0] ?? flow.consent.ends, timezone),
    grantedScope: grant.scope,
    customerName: flow.customerName,
    customerEmail: flow.customerEmail,
    language: flow.language,
    ...idsOf(grant, connection.utility.espi),
  })
}

/** What the utility opens beyond what was asked is never used; that it did is noted. */
async function noteWider(
  tx: Tx,
  flow: FlowRow,
  p: { authorizationUid: Uid; scope: string | null; now: Date },
): Promise<void> {
  const open = classesOf(parseEspiScope(p.scope ?? '')) ?? []
  const dropped = open.filter((name) => !flow.consent.dataClasses.includes(name))
  if (dropped.length === 0) return
  const { authorizationUid, now } = p
  const entry = { actor: 'utility', action: 'scope_wider', companyUid: flow.companyUid } as const
  await appendAudit(tx, { ...entry, authorizationUid, now, details: { dropped } })
}

/**
 * The utility's ids of grant and customer. One that is not told is taken to be the other where the utility has one id for
 * both, and is unknown elsewhere.
 */
export function idsOf(
  { subscriptionUri, authorizationUri, customerUri }: GrantAddresses,
  { ids, fileCustomer }: Pick<Espi, 'ids' | 'fileCustomer'>,
): { subscription: string | null; retailCustomer: string | null } {
  const named = segmentAfter(subscriptionUri, 'Subscription')
  const subscription = named ?? (ids === 'same' ? lastSegment(authorizationUri) : null)
  const customer = segmentAfter(fileCustomer === 'resourceURI' ? subscriptionUri : customerUri, 'RetailCustomer')
  return { subscription, retailCustomer: customer ?? (ids === 'same' ? subscription : null) }
}

type GrantAddresses = Pick<TokenGrant, 'subscriptionUri' | 'authorizationUri' | 'customerUri'>

async function askStatus(deps: PathDeps, { flow, grant, connection }: Granted): Promise<GrantStatus | null> {
  const { authorizationUri } = grant
  if (authorizationUri === null) return null
  return await quietly(deps, flow, async () => {
    const which = connection.utility.espi.metadataTokens.authorization
    const own = which === 'registration' ? connection.registration.registrationAccessToken : null
    const token = which === 'client' ? await deps.tokens.clientToken(flow.registrationUid) : (own ?? grant.accessToken)
    return await tryGrantStatus(connection, { authorizationUri, token, now: deps.now() })
  })
}

async function askUsagePoints(deps: PathDeps, { flow, grant, connection }: Granted): Promise<string[] | null> {
  const { subscription } = idsOf(grant, connection.utility.espi)
  if (subscription === null) return null
  return await quietly(deps, flow, async () => fetchUsagePoints(connection, { subscription, token: grant.accessToken }))
}

/** The check only informs: a utility that is slow or wrong now must not cost the customer the grant. */
async function quietly<T>(deps: PathDeps, flow: FlowRow, ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask()
  } catch (error) {
    await countFailure(deps, flow.registrationUid, error)
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unexpected'
    const details = { flowUid: flow.flowUid, code }
    const { companyUid } = flow
    await deps.db.operator((tx) =>
      appendAudit(tx, { actor: 'system', action: 'grant_check_failed', companyUid, now: deps.now(), details }),
    )
    return null
  }
}

/**
 * The running authorization that a grant renews: the form's, unless it is plainly another account; else the one that the
 * same customer of the utility gave the same company, under whatever name and e-mail address (docs/decisions/0009).
 */
async function renewedBy(
  tx: Tx,
  { flow, usagePoints, grant, connection }: Granted & { usagePoints: string[] | null },
): Promise<Uid | null> {
  if (flow.renews !== null) {
    const known = await listUsagePointsOf(tx, flow.renews)
    const isOther = usagePoints !== null && known.length > 0 && !known.some((key) => usagePoints.includes(key))
    if (!isOther) return flow.renews
  }
  const { companyUid, utility, customerEmail } = flow
  const { retailCustomer } = idsOf(grant, connection.utility.espi)
  const since = new Date(flow.created.getTime() - RECENT_MS)
  const customer = { companyUid, utility, customerEmail, usagePoints: usagePoints ?? [], retailCustomer, since }
  return (await findRenewable(tx, customer))?.authorizationUid ?? null
}
