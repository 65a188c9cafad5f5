import type { DataClass } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'

export type Language = 'en' | 'es'

/** What the form shows: everything that the customer has to know before the utility's own pages. */
export type FormView = {
  companyName: string
  companyEmail: string
  userEmail: string
  logo: { type: string; bytes: Uint8Array } | null
  purpose: string
  dataClasses: DataClass[]
  historyMonths: number
  /** Local dates YYYY-MM-DD. */
  historyStart: string
  defaultEnd: string
  maxEnd: string
  termsUrl: string | null
  privacyUrl: string | null
  prefill: { name: string; email: string }
  /** null: the customer still has to choose among `utilities`. */
  utility: { id: string; slug: string; name: string } | null
  utilities: { id: string; slug: string; name: string }[]
  renews: boolean
  /** Version and hash of the consent text; posted back, so that nobody agrees to another text than was shown. */
  consentVersion: string
  operatorName: string
  operatorEmail: string
}

/** Where a form is reached: /{utility}/gb-oauth/{alias} or /authorize/{alias}, with the query of utilityapi.md 6.2. */
export type FormAddress = {
  alias: string
  utilitySlug: string | null
  key: string | null
  email: string | null
  redirectUri: string | null
  state: string | null
  noRedirect: boolean
  language: Language
  /** A test: only simulated utilities are offered. No link can say so. */
  isTest?: true
}

export type FormInput = { name: string; email: string; endDate: string; utilitySlug: string; consentVersion: string }

/** Errors of one form field, to be shown beside it: field -> message code of pages/english.ts. */
export type FieldErrors = Record<string, string>

/** Why a path ended or stopped. Each has a page in plain words with a way on. */
export type DeadEnd =
  | 'unknown_link'
  | 'form_disabled'
  | 'form_expired'
  | 'declined_at_form'
  | 'declined_at_utility'
  | 'utility_down'
  | 'utility_error'
  | 'code_refused'
  | 'already_used'
  | 'other_browser'
  | 'flow_expired'
  | 'grant_abandoned'
  | 'nothing_shared'
  | 'bad_redirect_uri'
  | 'text_changed'
  | 'operator_problem'

/** An end with its ways on: the form again, and the company's address with the error where the flow has one. */
export type EndOfFlow = { end: DeadEnd; retry: string | null; redirect: string | null }

/** What the utility granted, shown before the second Continue to Final Step. */
export type GrantView = {
  form: FormView
  customerName: string
  customerEmail: string
  utilityName: string
  dataClasses: DataClass[]
  /** Asked for but not shared by the customer at the utility. */
  withheld: DataClass[]
  /** Usage points that the grant's check found, null when the utility tells none at this point. */
  usagePoints: number | null
  historyStart: string
  ends: string
  /** The utility's own end, when it is earlier than ours. */
  utilityEnds: string | null
  /** What the customer agrees to, word by word, in the language of the form; stored as shown, and on the receipt. */
  consentText: string
}

export type ReceiptView = {
  companyName: string
  companyEmail: string
  utilityName: string
  customerName: string
  customerEmail: string
  state: string
  dataClasses: DataClass[]
  purpose: string
  historyStart: string
  ends: string
  agreed: string
  maxEnd: string
  revoked: string | null
  consentText: string
  consentHash: string
  customerPortal: string | null
  meters: { serviceIdentifier: string | null; address: string | null; readings: number; bills: number }[]
  utilityTold: boolean
  /** Third parties that the customer let have it too (docs/green-button-server.md), newest first. Local dates; ended null: still. */
  passedOn: PassedOnView[]
}

export type PassedOnView = {
  consentNo: number
  clientName: string
  dataClasses: DataClass[]
  ends: string
  ended: string | null
}

/**
 * The customer's path, design section 2. Pages call these and nothing else. `cookie` is the value of the browser's
 * flow cookie or null; where a result carries a cookie, the page sets it (HttpOnly, SameSite Lax, Secure and __Host- on
 * https). Bad input gives FieldErrors; ends give a DeadEnd; only a fault of ours throws.
 */
export type CustomerPath = {
  form(address: FormAddress): Promise<FormView | { end: DeadEnd }>
  /** Step 2: stores the flow, returns where the browser goes. */
  start(
    address: FormAddress,
    input: FormInput,
    cookie: string | null,
  ): Promise<{ redirect: string; cookie: string } | { errors: FieldErrors } | { end: DeadEnd }>
  /** Decline on the form: a declined authorization and its event. `redirect`: the company's, with error=access_denied. */
  decline(
    address: FormAddress,
    input: { name: string; email: string },
  ): Promise<{ redirect: string | null; end: 'declined_at_form' }>
  /** Step 5: what the utility sent back. `query` as it came, names and values decoded once, repeated names kept. */
  callback(utilitySlug: string, query: [string, string][], cookie: string | null): Promise<{ flowUid: Uid } | EndOfFlow>
  grant(flowUid: Uid, cookie: string | null): Promise<GrantView | EndOfFlow>
  /** Step 6: consent recorded, authorization active, collection owed. Safe to repeat: the same receipt again. */
  confirm(
    flowUid: Uid,
    cookie: string | null,
  ): Promise<{ receiptKey: string; redirect: string | null; referral: string | null } | EndOfFlow>
  /** Declining at the last step: the utility is told, the grant destroyed. */
  withdraw(flowUid: Uid, cookie: string | null): Promise<{ redirect: string | null; end: DeadEnd }>
  /** The reminder mail's link: brings a grant that was never confirmed back to its final step in this browser. */
  resume(key: string): Promise<{ flowUid: Uid; cookie: string } | { end: DeadEnd }>
  /** Started at the utility's own site: which companies ask for data of this utility. `query` as for the callback. */
  portal(
    utilitySlug: string,
    query: [string, string][],
  ): Promise<{ companies: { companyName: string; alias: string }[] } | { end: DeadEnd }>
  receipt(key: string, language: Language): Promise<ReceiptView | { end: DeadEnd }>
  revoke(key: string): Promise<{ end: DeadEnd } | null>
  /** Ends what one of the third parties gets, by its number in `passedOn`. */
  stopPassingOn(key: string, consentNo: number): Promise<{ end: DeadEnd } | null>
  /** New end date, never later than before. */
  shorten(key: string, endDate: string): Promise<{ errors: FieldErrors } | { end: DeadEnd } | null>
}
