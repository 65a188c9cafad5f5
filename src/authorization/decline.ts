import type { Tx } from '../storage/db.ts'
import { appendAudit } from '../storage/audit.ts'
import type { FlowRow } from '../storage/flows.ts'
import { endOf, startOf } from './local-dates.ts'
import type { CustomerPath } from './customer-path.ts'
import { refusalOf } from './flow-way-on.ts'
import { viewOf, zoneOf } from './form.ts'
import { emailProblem, nameProblem } from './form-input.ts'
import { loadForm } from './load-form.ts'
import type { PathDeps } from './path-deps.ts'
import { begin } from './states.ts'
import { utilityOf } from '../utilities/index.ts'

/** Decline on the form: nothing was asked of any utility; the company learns of a declined authorization. */
export function declineStep({ db, now, config }: PathDeps): CustomerPath['decline'] {
  return async (address, input) =>
    await db.operator(async (tx) => {
      const moment = now()
      const loaded = await loadForm(tx, address)
      if ('end' in loaded) return { redirect: null, end: 'declined_at_form' }
      const view = viewOf(loaded, address, { now: moment, config })
      const zone = zoneOf(loaded)
      const name = input.name.trim()
      const email = input.email.trim()
      if (!loaded.renewed) {
        await begin(
          tx,
          {
            companyUid: loaded.company.companyUid,
            templateUid: loaded.template.templateUid,
            formUid: loaded.form?.formUid ?? null,
            memberUid: loaded.member.memberUid,
            registrationUid: null,
            utility: loaded.utility?.id ?? '',
            state: 'declined',
            customerName: nameProblem(name) === null ? name : '',
            customerEmail: emailProblem(email) === null ? email : '',
            language: address.language,
            dataClasses: view.dataClasses,
            historyStart: startOf(view.historyStart, zone),
            expires: endOf(view.defaultEnd, zone),
            monitoring: loaded.template.monitoring,
            created: moment,
            declined: moment,
          },
          { by: 'customer', reason: 'declined_at_form', now: moment },
        )
      }
      const flow = { redirectUri: loaded.redirectUri, clientState: address.state }
      return { redirect: refusalOf(flow, 'declined_at_form'), end: 'declined_at_form' }
    })
}

/** Declined at the utility: a declined authorization of its own; a running one that was to be renewed stays as it is. */
export async function declineFlow(
  tx: Tx,
  flow: FlowRow,
  { now, monitoring }: { now: Date; monitoring: 'off' },
): Promise<void> {
  const { companyUid, consent, renews } = flow
  if (renews !== null) {
    const details = { flowUid: flow.flowUid }
    await appendAudit(tx, {
      actor: 'customer',
      action: 'renewal_declined',
      companyUid,
      authorizationUid: renews,
      now,
      details,
    })
    return
  }
  const zone = utilityOf(flow.utility).timezone
  await begin(
    tx,
    {
      companyUid,
      templateUid: flow.templateUid,
      formUid: flow.formUid,
      memberUid: flow.memberUid,
      registrationUid: flow.registrationUid,
      utility: flow.utility,
      state: 'declined',
      customerName: flow.customerName,
      customerEmail: flow.customerEmail,
      language: flow.language,
      dataClasses: consent.dataClasses,
      historyStart: startOf(consent.historyStart, zone),
      expires: endOf(consent.ends, zone),
      monitoring,
      created: now,
      declined: now,
    },
    { by: 'customer', reason: 'declined_at_utility', now },
  )
}
