import type { Uid } from '../model/uid.ts'
import { appendAudit } from '../storage/audit.ts'
import { findAuthorization } from '../storage/authorizations.ts'
import type { Tx } from '../storage/db.ts'
import { markTest } from '../storage/edit-authorization.ts'
import { findFlow } from '../storage/flows.ts'
import { findForm } from '../storage/forms.ts'
import { findRegistration } from '../storage/registrations.ts'
import { findTemplate } from '../storage/templates.ts'
import type { Utility } from '../utilities/contract.ts'
import { callbackUrl } from './addresses.ts'
import type { CustomerPath, DeadEnd, FormAddress } from './customer-path.ts'
import type { PathDeps } from './path-deps.ts'
import { type Scenario, scenariosOf } from './test-scenarios.ts'
import { TestRefused } from './test-refused.ts'
import { visitUtility } from './visit-utility.ts'

/** formUid: of the caller's company; that is for the caller to check. */
export type TestSubmission = { formUid: Uid; utility: Utility; scenario: Scenario }

/** Returns the referral code of the authorization. Throws TestRefused, and then there is no authorization. */
export type TestSubmit = (submission: TestSubmission) => Promise<string>

/**
 * Submits a form as a customer would, without a browser: the same steps of the customer's path, and on the simulated
 * utility's own pages. Registrations other than simulated ones are not even looked at (FormAddress.isTest), and those
 * are on loopback (resolveAddresses), where alone the scripted browser goes.
 */
export function testSubmit(deps: PathDeps, path: CustomerPath): TestSubmit {
  return async ({ formUid, utility, scenario }) => {
    const offered = scenariosOf(utility)
    if (!offered.includes(scenario))
      throw new TestRefused('scenario', `this utility's simulation has ${offered.join(', ')}`)
    const address = await deps.db.operator((tx) => addressOf(tx, formUid, utility))
    const view = await path.form(address)
    if ('end' in view) throw refusalOf(view.end)
    if (view.utility?.id !== utility.id) throw new TestRefused('utility', 'this form is for another utility')
    const { defaultEnd: endDate, consentVersion } = view
    const input = { name: 'Test Customer', email: view.prefill.email || `${scenario}@test.invalid`, endDate }
    const started = await path.start(address, { ...input, utilitySlug: utility.slug, consentVersion }, null)
    if ('end' in started) throw refusalOf(started.end)
    if ('errors' in started) throw new TestRefused('uid', `its form refuses ${Object.keys(started.errors).join(', ')}`)
    const { redirect, cookie } = started
    const callback = callbackUrl(deps.config.publicUrl, utility.slug)
    const back = await path.callback(utility.slug, await visitUtility(redirect, { callback, scenario }), cookie)
    if ('end' in back) throw refusalOf(back.end)
    const { flowUid } = back
    if (!(await deps.db.operator((tx) => markFlow(tx, flowUid, { scenario, now: deps.now() })))) {
      await path.withdraw(flowUid, cookie)
      throw new TestRefused('uid', NO_RENEWAL)
    }
    const done = await path.confirm(flowUid, cookie)
    if ('end' in done) throw refusalOf(done.end)
    const { referral } = done
    if (referral === null) throw new Error(`flow ${flowUid} was confirmed and has no referral`)
    return referral
  }
}

const NOT_SIMULATED =
  'it is not simulated here. Start the simulated utilities: gbp start brings them; or gbp simulate, and then ' +
  'gbp utility add --environment simulated'
const NO_RENEWAL = 'it would renew an authorization that is no test'

async function addressOf(tx: Tx, formUid: Uid, utility: Utility): Promise<FormAddress> {
  const form = await findForm(tx, formUid)
  const template = form && (await findTemplate(tx, form.templateUid))
  if (!form || !template) throw new TestRefused('uid', 'there is no such form')
  if (form.authorizationUid !== null && !(await isSimulated(tx, form.authorizationUid)))
    throw new TestRefused('uid', NO_RENEWAL)
  return {
    alias: template.alias,
    utilitySlug: utility.slug,
    key: form.key,
    email: null,
    redirectUri: null,
    state: null,
    noRedirect: true,
    language: 'en',
    isTest: true,
  }
}

/** Marks what the flow is about to make. False: it would replace the grant of an authorization that is no test. */
async function markFlow(tx: Tx, flowUid: Uid, { scenario, now }: { scenario: Scenario; now: Date }): Promise<boolean> {
  const flow = await findFlow(tx, flowUid)
  if (!flow?.authorizationUid) throw new Error(`flow ${flowUid} has no grant`)
  const { authorizationUid, renews, companyUid, formUid, utility } = flow
  if (renews !== null && !(await isSimulated(tx, renews))) return false
  await markTest(tx, renews === null ? [authorizationUid] : [authorizationUid, renews])
  const details = { formUid, utility, scenario }
  await appendAudit(tx, { actor: 'company', action: 'test_submitted', companyUid, authorizationUid, now, details })
  return true
}

async function isSimulated(tx: Tx, authorizationUid: Uid): Promise<boolean> {
  const { registrationUid } = (await findAuthorization(tx, authorizationUid)) ?? { registrationUid: null }
  const registration = registrationUid === null ? null : await findRegistration(tx, registrationUid)
  return registration?.environment === 'simulated'
}

const ENDS: Partial<Record<DeadEnd, readonly ['uid' | 'utility' | 'scenario', string]>> = {
  operator_problem: ['utility', NOT_SIMULATED],
  utility_down: ['utility', 'its simulation does not answer. Start the simulated utilities again'],
  form_disabled: ['uid', 'the form, or its template, is disabled or archived'],
  form_expired: ['uid', 'the form has expired'],
  nothing_shared: ['scenario', 'its customer has nothing to share'],
}

function refusalOf(end: DeadEnd): TestRefused {
  const [field, reason] = ENDS[end] ?? ['uid', `the customer's path ended with ${end}`]
  return new TestRefused(field, reason)
}
