import {
  type AuthorizationRow,
  findAuthorization,
  listReceiptMeters,
  shortenAuthorization,
} from '../storage/authorizations.ts'
import { appendAudit } from '../storage/audit.ts'
import { listClientConsents } from '../storage/client-consents.ts'
import { findConsent } from '../storage/consents.ts'
import type { Tx } from '../storage/db.ts'
import { listGrants } from '../storage/grants.ts'
import { findLink } from '../storage/links.ts'
import { findRegistration } from '../storage/registrations.ts'
import { findTemplate } from '../storage/templates.ts'
import { utilityOf } from '../utilities/index.ts'
import { resolveAddresses } from '../utilities/registration.ts'
import type { CustomerPath, PassedOnView, ReceiptView } from './customer-path.ts'
import { endAuthorization } from './end-authorization.ts'
import { hashKey, isKey } from './keys.ts'
import { dateIn, endOf, lastDateBefore, startOf } from './local-dates.ts'
import type { PathDeps } from './path-deps.ts'
import { stopConsent } from './stop-consent.ts'

/** The receipt by its private link: what was agreed, what it has brought so far, how it stands. */
export function receiptStep(deps: PathDeps): CustomerPath['receipt'] {
  return async (key) =>
    await deps.db.operator(async (tx) => {
      const row = await authorizationOf(tx, deps, key)
      const view = row && (await receiptViewOf(tx, row, deps.now()))
      return view ?? { end: 'unknown_link' }
    })
}

/** Revoke by the receipt's link. null: done, now or before. */
export function revokeStep(deps: PathDeps): CustomerPath['revoke'] {
  return async (key) =>
    await deps.db.operator(async (tx) => {
      const row = await authorizationOf(tx, deps, key)
      if (!row) return { end: 'unknown_link' }
      const why = { by: 'customer', reason: 'receipt_link', now: deps.now() } as const
      await endAuthorization(tx, deps.config, { authorizationUid: row.authorizationUid, to: 'revoked', why })
      return null
    })
}

/** Stops passing on to one third party by the receipt's link. null: done, now or before, or there is none of this number. */
export function stopPassingOnStep(deps: PathDeps): CustomerPath['stopPassingOn'] {
  return async (key, consentNo) =>
    await deps.db.operator(async (tx) => {
      const row = await authorizationOf(tx, deps, key)
      if (!row) return { end: 'unknown_link' }
      const { authorizationUid } = row
      await stopConsent(tx, { authorizationUid, consentNo, by: 'customer', now: deps.now() })
      return null
    })
}

/** A new end by the receipt's link, never later than the present one. */
export function shortenStep(deps: PathDeps): CustomerPath['shorten'] {
  return async (key, endDate) =>
    await deps.db.operator(async (tx) => {
      const row = await authorizationOf(tx, deps, key)
      if (!row || (row.state !== 'active' && row.state !== 'needs_reauthorization')) return { end: 'unknown_link' }
      const now = deps.now()
      const { timezone } = utilityOf(row.utility)
      const code = shortenProblem(endDate, { timezone, now, row })
      if (code !== null) return { errors: { endDate: code } }
      const { authorizationUid, companyUid } = row
      const expires = endOf(endDate, timezone)
      const isSet = await shortenAuthorization(tx, { authorizationUid, expires, now })
      if (!isSet) return { errors: { endDate: 'end_later' } }
      const details = { expires: expires.toISOString() }
      await appendAudit(tx, {
        actor: 'customer',
        action: 'authorization_shortened',
        companyUid,
        authorizationUid,
        now,
        details,
      })
      return null
    })
}

async function authorizationOf(tx: Tx, deps: PathDeps, key: string): Promise<AuthorizationRow | null> {
  if (!isKey(key)) return null
  const link = await findLink(tx, { keyHash: hashKey(key), purpose: 'receipt', now: deps.now() })
  return link && (await findAuthorization(tx, link.authorizationUid))
}

async function receiptViewOf(tx: Tx, row: AuthorizationRow, now: Date): Promise<ReceiptView | null> {
  const { authorizationUid } = row
  const consent = await findConsent(tx, authorizationUid)
  const template = await findTemplate(tx, row.templateUid)
  if (!consent || !template) return null
  const utility = utilityOf(row.utility)
  const [grant] = await listGrants(tx, authorizationUid)
  const registration = row.registrationUid === null ? null : await findRegistration(tx, row.registrationUid)
  const addresses = registration && resolveAddresses(utility, registration.environment, registration.addresses)
  const date = (moment: Date): string => dateIn(utility.timezone, moment)
  return {
    companyName: template.companyName,
    companyEmail: template.companyEmail,
    utilityName: utility.name,
    customerName: row.customerName,
    customerEmail: row.customerEmail,
    state: row.state,
    dataClasses: row.dataClasses,
    purpose: consent.purpose,
    historyStart: date(consent.historyStart),
    ends: lastDateBefore(row.expires, utility.timezone),
    agreed: date(consent.agreed),
    maxEnd: lastDateBefore(row.expires, utility.timezone),
    revoked: row.revoked && date(row.revoked),
    consentText: consent.textShown,
    consentHash: consent.textHash,
    customerPortal: addresses?.customerPortal ?? null,
    meters: await listReceiptMeters(tx, authorizationUid),
    utilityTold: row.revokedBy === 'utility' || (grant?.utilityTold ?? null) !== null,
    passedOn: await passedOnOf(tx, row, now),
  }
}

async function passedOnOf(tx: Tx, row: AuthorizationRow, now: Date): Promise<PassedOnView[]> {
  const { authorizationUid } = row
  const { timezone } = utilityOf(row.utility)
  const consents = await listClientConsents(tx, { authorizationUid })
  return consents.map(({ consentNo, clientName, dataClasses, ends, ended }) => {
    const last = ends < row.expires ? ends : row.expires
    const over = ended ?? (last <= now ? last : row.revoked)
    return {
      ...{ consentNo, clientName, dataClasses, ends: lastDateBefore(last, timezone) },
      ended: over && dateIn(timezone, over),
    }
  })
}

function shortenProblem(
  endDate: string,
  { timezone, now, row }: { timezone: string; now: Date; row: AuthorizationRow },
): string | null {
  try {
    startOf(endDate, timezone)
  } catch {
    return 'endDate'
  }
  if (endDate <= dateIn(timezone, now)) return 'end_past'
  return endDate > lastDateBefore(row.expires, timezone) ? 'end_later' : null
}
