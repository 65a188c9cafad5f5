import type { DeadEnd, Language } from '../authorization/customer-path.ts'
import { hashKey, newKey } from '../authorization/keys.ts'
import { returnWith } from '../authorization/return-address.ts'
import type { Uid } from '../model/uid.ts'
import { appendAudit } from '../storage/audit.ts'
import { appendClientConsent, endClientConsents } from '../storage/client-consents.ts'
import { decideClientRequest } from '../storage/client-requests.ts'
import { deleteTokensOf, insertClientToken } from '../storage/client-tokens.ts'
import type { Tx } from '../storage/db.ts'
import { writeGrantedScope } from './asked-scope.ts'
import { queueClientMail } from './client-mail.ts'
import { CLIENT_CONSENT_VERSION, consentWords } from './consent-words.ts'
import type { CustodianDeps } from './custodian-deps.ts'
import { type OfferedShare, openRequest, type OpenRequest } from './open-request.ts'

/** RFC 6749 section 4.1.2 wants ten minutes at most. */
const CODE_MS = 300_000

export type Decision = { key: string; cookie: string | null; choice: string | null; language: Language }

/** `text_changed`: what was agreed to is no longer what is offered, so it is to be shown anew. */
export type Decided = { redirect: string } | { end: DeadEnd }

/**
 * What the customer decided, in one transaction: consent word by word, code, audit, mail with the link that stops it. choice: the
 * share and the hash of the text that was shown for it, as choiceOf writes it; null: they said no.
 */
export async function decideRequest(
  deps: CustodianDeps,
  { key, cookie, choice, language }: Decision,
): Promise<Decided> {
  return await deps.db
    .operator(async (tx): Promise<Decided> => {
      const opened = await openRequest(tx, deps, { key, cookie })
      if ('end' in opened) return opened
      const { row } = opened
      if (choice === null) {
        const isDecided = await decideClientRequest(tx, row.linkHash, { now: deps.now(), grant: null })
        const no = returnWith(row.redirectUri, { error: 'access_denied', state: row.state })
        return isDecided ? { redirect: no } : { end: 'already_used' }
      }
      const share = opened.shares.find((each) => choiceOf(deps, opened, each, language) === choice)
      if (!share) return { end: 'text_changed' }
      const code = newKey(deps.random)
      const consentNo = await recordConsent(tx, deps, { opened, share, language })
      const codeExpires = new Date(deps.now().getTime() + CODE_MS)
      const grant = { authorizationUid: share.authorizationUid, consentNo, codeHash: hashKey(code), codeExpires }
      // Decided by another request in between: then nothing of this one stays.
      if (!(await decideClientRequest(tx, row.linkHash, { now: deps.now(), grant }))) throw new DecidedBefore()
      return { redirect: returnWith(row.redirectUri, { code, state: row.state }) }
    })
    .catch((error: unknown) => {
      if (error instanceof DecidedBefore) return { end: 'already_used' as const }
      throw error
    })
}

class DecidedBefore extends Error {}

/** What the form posts for a share: which, and which text stood beside it. */
export function choiceOf(
  { config }: CustodianDeps,
  { client, companyName }: OpenRequest,
  { authorizationUid, terms }: OfferedShare,
  language: Language,
): string {
  const { hash } = consentWords({ clientName: client.name, companyName, ...config }, terms, language)
  return `${authorizationUid}.${hash}`
}

type Agreed = { opened: OpenRequest; share: OfferedShare; language: Language }

/** The client's earlier consent of the same share ends: this one takes its place. */
async function recordConsent(tx: Tx, deps: CustodianDeps, { opened, share, language }: Agreed): Promise<number> {
  const { client, companyName, row } = opened
  const { authorizationUid, terms } = share
  const { companyUid, clientUid, name: clientName } = client
  const now = deps.now()
  const earlier = await endClientConsents(tx, { authorizationUid, clientUid, by: 'customer', now })
  for (const consentNo of earlier) await deleteTokensOf(tx, { authorizationUid, consentNo })
  const { text, hash } = consentWords({ clientName, companyName, ...deps.config }, terms, language)
  const { dataClasses, historyStart, ends } = terms
  const consentNo = await appendClientConsent(tx, {
    ...{ authorizationUid, companyUid, clientUid, clientName, dataClasses, historyStart, ends, language },
    ...{ textVersion: CLIENT_CONSENT_VERSION, textHash: hash, textShown: text },
    ...{ scope: writeGrantedScope(terms, now), agreed: now },
  })
  const details = { clientUid, consentNo }
  await appendAudit(tx, { actor: 'customer', action: 'client_let_in', companyUid, authorizationUid, now, details })
  await mailStop(tx, deps, { opened, authorizationUid, consentNo, language, email: row.email })
  return consentNo
}

type ToMail = { opened: OpenRequest; authorizationUid: Uid; consentNo: number; language: Language; email: string }

async function mailStop(tx: Tx, deps: CustodianDeps, mail: ToMail): Promise<void> {
  const { opened, authorizationUid, consentNo, language, email } = mail
  const { client, companyName } = opened
  const now = deps.now()
  const key = newKey(deps.random)
  const { companyUid, clientUid } = client
  const place = { companyUid, clientUid, authorizationUid, consentNo }
  await insertClientToken(tx, { ...place, tokenHash: hashKey(key), kind: 'customer', created: now, expires: null })
  await queueClientMail(tx, {
    kind: 'client_let_in',
    once: `client_let_in:${authorizationUid}:${consentNo}`,
    ...{ authorizationUid, recipient: email, language, now },
    facts: {
      ...{ clientName: client.name, companyName, ...deps.config },
      link: `${deps.config.publicUrl}/DataCustodian/oauth/share/${key}`,
    },
  })
  await deps.ringMails(tx)
}
