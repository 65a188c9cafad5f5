import type { Uid } from '../model/uid.ts'
import {
  type AuthorizationRow,
  deletePendingAuthorization,
  findAuthorization,
  getAuthorization,
  setTerms,
} from '../storage/authorizations.ts'
import { endClientConsents } from '../storage/client-consents.ts'
import { deleteClientTokens } from '../storage/client-tokens.ts'
import { appendConsent } from '../storage/consents.ts'
import type { Tx } from '../storage/db.ts'
import { deleteClasses } from '../storage/delete-classes.ts'
import { type FlowRow, moveFlow } from '../storage/flows.ts'
import { findGrant, insertGrant, listGrants } from '../storage/grants.ts'
import { deleteLinks, insertLink, insertReferral, listReferralsOf } from '../storage/links.ts'
import { setListedMeters } from '../storage/listed-meters.ts'
import { utilityOf } from '../utilities/index.ts'
import { receiptUrl } from './addresses.ts'
import { finalConsentText } from './consent-text.ts'
import type { CustomerPath, EndOfFlow, GrantView } from './customer-path.ts'
import { endAllGrants, mailAboutEnd } from './end-authorization.ts'
import { disabledEnd, grantViewOf, languageOf, ownFlow, renewedBy, stateEnd } from './final-step.ts'
import { readTokens, sealTokens } from './grant-tokens.ts'
import { hashKey, newKey } from './keys.ts'
import { endOf, lastDateBefore, startOf } from './local-dates.ts'
import { queueCustomerMail } from './mail.ts'
import type { PathDeps } from './path-deps.ts'
import { returnWith } from './return-address.ts'
import { transition } from './states.ts'

/**
 * Step 6, in one transaction: the consent word by word, the authorization active, its event, what is owed, the receipt's
 * link and mail. Repeated (a double click, a lost answer) it gives a link to the same receipt and changes nothing else.
 */
export function confirmStep(deps: PathDeps): CustomerPath['confirm'] {
  return async (flowUid, cookie) =>
    await deps.db.operator(async (tx) => {
      const now = deps.now()
      const flow = await ownFlow(tx, deps, { flowUid, cookie })
      if ('end' in flow) return flow
      if (flow.state === 'confirmed') return await again(tx, deps, flow)
      const view = await grantViewOf(tx, deps, flow)
      if (flow.state !== 'granted') return await stateEnd(tx, deps, flow)
      if (!view) return disabledEnd(flow)
      const moved = await moveFlow(tx, { flowUid, from: 'granted', to: 'confirmed', error: null, now })
      if (!moved) return await again(tx, deps, flow)
      const authorization = await activate(tx, deps, { flow: moved, view })
      return await finish(tx, deps, { flow: moved, authorization, view })
    })
}

type Confirmed = { flow: FlowRow; view: GrantView }

async function activate(tx: Tx, deps: PathDeps, { flow, view }: Confirmed): Promise<AuthorizationRow> {
  const now = deps.now()
  const why = { by: 'customer', reason: 'confirmed', now } as const
  const pendingUid = flow.authorizationUid
  if (pendingUid === null) throw new Error(`flow ${flow.flowUid} is granted and has no authorization`)
  const renewed = await renewedBy(tx, flow)
  if (renewed) await moveGrant(tx, deps, { from: pendingUid, to: renewed, flow })
  const authorizationUid = renewed?.authorizationUid ?? pendingUid
  await recordConsent(tx, { flow, view, authorizationUid, now })
  const active = await transition(tx, authorizationUid, 'active', why)
  await deps.owe(tx, active)
  return active
}

type Move = { from: Uid; to: AuthorizationRow; flow: FlowRow }

/**
 * A renewal keeps the authorization and what was collected under it, but for kinds of data that the new consent leaves
 * out; its grant and terms are replaced. Service agreements that are left out are not asked for any more.
 */
async function moveGrant(tx: Tx, deps: PathDeps, { from, to, flow }: Move): Promise<void> {
  const now = deps.now()
  const pending = await getAuthorization(tx, from)
  const grant = await findGrant(tx, from)
  const pair = grant && readTokens(deps.envelope, grant)
  if (!grant || !pair) throw new Error(`authorization ${from} has no grant to move`)
  const { authorizationUid, companyUid } = to
  const [newest] = await listGrants(tx, authorizationUid)
  // A utility that keeps its id over a renewal must not be told to end it.
  const isSame = newest !== undefined && newest.authorizationUri === grant.authorizationUri
  await endAllGrants(tx, to, { isTold: isSame, now })
  const place = { authorizationUid, grantNo: (newest?.grantNo ?? 0) + 1, companyUid }
  await insertGrant(tx, { ...grant, ...place, tokens: sealTokens(deps.envelope, place, pair) })
  await setTerms(tx, authorizationUid, pending)
  const classes = to.dataClasses.filter((name) => !pending.dataClasses.includes(name))
  await deleteClasses(tx, authorizationUid, { classes, now })
  const points = flow.consent.granted?.usagePoints ?? null
  if (points !== null) await setListedMeters(tx, authorizationUid, points, now)
  if (pending.customerEmail.toLowerCase() !== to.customerEmail.toLowerCase()) await handOver(tx, deps, to)
  await deletePendingAuthorization(tx, from)
}

/** Somebody else of the same utility account goes on: the earlier holder is told, and sees nothing of the new one. */
async function handOver(tx: Tx, { config, now }: PathDeps, row: AuthorizationRow): Promise<void> {
  const { authorizationUid } = row
  await deleteLinks(tx, authorizationUid)
  await deleteClientTokens(tx, authorizationUid)
  await endClientConsents(tx, { authorizationUid, by: 'system', now: now() })
  const once = `taken_over:${authorizationUid}:${now().getTime()}`
  await mailAboutEnd(tx, config, { row, kind: 'taken_over', once, now: now() })
}

async function recordConsent(
  tx: Tx,
  { flow, view, authorizationUid, now }: Confirmed & { authorizationUid: Uid; now: Date },
): Promise<void> {
  const language = languageOf(flow)
  const { text, version, hash } = finalConsentText(view, language)
  const { timezone } = utilityOf(flow.utility)
  const { consent } = flow
  await appendConsent(tx, {
    authorizationUid,
    companyUid: flow.companyUid,
    textVersion: version,
    textHash: hash,
    textShown: text,
    language,
    purpose: consent.purpose,
    dataClasses: view.dataClasses,
    historyStart: startOf(view.historyStart, timezone),
    ends: endOf(view.utilityEnds ?? view.ends, timezone),
    customerName: flow.customerName,
    customerEmail: flow.customerEmail,
    utility: flow.utility,
    scopeAsked: consent.scopeAsked,
    scopeGranted: consent.granted?.scope ?? '',
    method: 'form',
    agreed: now,
  })
}

type Done = Exclude<Awaited<ReturnType<CustomerPath['confirm']>>, { end: unknown }>

async function finish(
  tx: Tx,
  deps: PathDeps,
  { flow, authorization, view }: Confirmed & { authorization: AuthorizationRow },
): Promise<Done> {
  const now = deps.now()
  const { authorizationUid, companyUid } = authorization
  const receiptKey = await newReceipt(tx, deps, authorization)
  const utility = utilityOf(authorization.utility)
  await queueCustomerMail(tx, {
    kind: 'receipt',
    once: `receipt:${flow.flowUid}`,
    authorizationUid,
    recipient: authorization.customerEmail,
    language: authorization.language,
    facts: {
      companyName: view.form.companyName,
      utilityName: utility.name,
      operatorName: deps.config.operatorName,
      operatorEmail: deps.config.operatorEmail,
      customerName: authorization.customerName,
      link: receiptUrl(deps.config.publicUrl, await newReceipt(tx, deps, authorization)),
      ends: lastDateBefore(authorization.expires, utility.timezone),
    },
    now,
  })
  const code = Buffer.from(deps.random(16)).toString('base64url')
  await insertReferral(tx, { code, companyUid, authorizationUid, created: now })
  return { receiptKey, redirect: redirectOf(flow, code), referral: code }
}

/** The same receipt once more: only the hash of its first link is stored, so this is another link to it. */
async function again(tx: Tx, deps: PathDeps, flow: FlowRow): Promise<Done | EndOfFlow> {
  const uid = flow.renews ?? flow.authorizationUid
  const authorization =
    (flow.authorizationUid && (await findAuthorization(tx, flow.authorizationUid))) ||
    (uid && (await findAuthorization(tx, uid)))
  if (!authorization) return { end: 'already_used', retry: null, redirect: null }
  const referral = (await listReferralsOf(tx, authorization.authorizationUid)).at(-1) ?? null
  return { receiptKey: await newReceipt(tx, deps, authorization), redirect: redirectOf(flow, referral), referral }
}

async function newReceipt(
  tx: Tx,
  deps: PathDeps,
  { authorizationUid, companyUid }: Pick<AuthorizationRow, 'authorizationUid' | 'companyUid'>,
): Promise<string> {
  const key = newKey(deps.random)
  const created = deps.now()
  await insertLink(tx, {
    keyHash: hashKey(key),
    companyUid,
    authorizationUid,
    purpose: 'receipt',
    created,
    expires: null,
  })
  return key
}

function redirectOf(flow: FlowRow, referral: string | null): string | null {
  return flow.redirectUri === null ? null : returnWith(flow.redirectUri, { referral, state: flow.clientState })
}
