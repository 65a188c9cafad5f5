import type { FieldErrors, ReceiptView } from '../authorization/customer-path.ts'
import { AUTHORIZATION_STATES } from '../model/authorization-states.ts'
import { countInWords, dateInWords } from './dates.ts'
import { dataClassList, dataClassNames, facts, tokenField } from './facts.ts'
import { errorOf, errorSummary, field } from './form-fields.ts'
import { layout, mailLink, type PageContext } from './layout.ts'
import { html, type Markup } from './markup.ts'
import { messages } from './messages.ts'
import { named } from './shown-text.ts'

type Receipt = {
  view: ReceiptView
  /** The receipt's own address, without a query. */
  address: string
  token: string
  errors: FieldErrors
  /** The day typed so far; null: the present end. */
  endDate: string | null
  notice: 'shortened' | 'stopped' | null
}

/** Sharing goes on, or could again without a new consent; otherwise the receipt is only to be read. */
export const isRunning = (state: string): boolean => state === 'active' || state === 'needs_reauthorization'

/** Step 7 and ever after, by the private link: what is shared with whom, how to shorten and how to stop it. */
export function receiptPage(context: PageContext, receipt: Receipt): string {
  const text = messages[context.language].receipt
  const { view, errors, notice } = receipt
  const company = named(view.companyName)
  const running = isRunning(view.state)
  return layout(context, {
    title: text.title,
    wide: true,
    body: html`
      ${errorSummary(errors, ['endDate'], context.language)}
      <div class="intro">
        <h1>${running ? text.active(company) : text.ended(company)}</h1>
        ${notice === null ? null : html`<p class="note" role="status">${text.notices[notice]}</p>`}
        ${running ? html`<p class="lead">${text.keep}</p>` : ended(context, receipt)}
      </div>
      <div class="columns">
        <section class="card">${receiptFacts(context, view)}</section>
        <div>${running ? controls(context, receipt) : null}</div>
      </div>
      ${passedOn(context, receipt)} ${arrivals(context, view)} ${consent(context, view)}
    `,
  })
}

function ended({ language }: PageContext, { view, address }: Receipt): Markup {
  const text = messages[language].receipt
  const utility = named(view.utilityName)
  if (view.state === 'expired') {
    return html`<div class="note stack">
      <p>${text.kept(named(view.companyName))}</p>
      <p class="screen"><a class="button quiet" href="${address}/revoke">${text.deleteButton}</a></p>
    </div>`
  }
  return html`<div class="note stack">
    <p>${view.utilityTold ? text.told(utility) : text.notTold(utility)}</p>
    <p>${text.deleted}</p>
    <p>${text.askCompany(named(view.companyName), mailLink(view.companyEmail))}</p>
  </div>`
}

function receiptFacts({ language, operatorName }: PageContext, view: ReceiptView): Markup {
  const { receipt: text, form, final, client } = messages[language]
  const isPassedOn = view.passedOn.some(({ ended }) => ended === null)
  const receives = isPassedOn ? client.alsoReceives : form.receivesText
  return facts([
    [text.state, html`<strong>${stateName(view.state, language)}</strong>`],
    view.revoked === null ? null : [text.endedOn, dateInWords(view.revoked, language)],
    [form.data, dataClassList(view.dataClasses, language)],
    [form.from, named(view.utilityName)],
    [final.with, receives(named(view.companyName), named(operatorName))],
    [form.purpose, named(view.purpose)],
    [form.reach, dateInWords(view.historyStart, language)],
    [form.until, html`<strong>${final.untilText(dateInWords(view.ends, language))}</strong>`],
    [text.agreed, dateInWords(view.agreed, language)],
    [text.by, html`${named(view.customerName)}<br />${named(view.customerEmail)}`],
  ])
}

/** A state in the customer's words; a state that has none as it is called. */
export function stateName(state: string, language: PageContext['language']): string {
  const known = AUTHORIZATION_STATES.find((name) => name === state)
  return known === undefined ? state : messages[language].states[known]
}

function arrivals({ language }: PageContext, { meters, state }: ReceiptView): Markup | null {
  const text = messages[language].receipt
  if (meters.length === 0 && !isRunning(state)) return null
  const rows = meters.map(
    (meter) =>
      html`<tr>
        <th scope="row">${meter.serviceIdentifier === null ? text.unknown : named(meter.serviceIdentifier)}</th>
        <td>${meter.address === null ? text.unknown : named(meter.address)}</td>
        <td class="figure">${countInWords(meter.readings, language)}</td>
        <td class="figure">${countInWords(meter.bills, language)}</td>
      </tr>`,
  )
  const table = html`<div class="scroll" tabindex="0" role="region" aria-labelledby="arrived-title">
    <table>
      <thead>
        <tr>
          <th scope="col">${text.meter}</th>
          <th scope="col">${text.address}</th>
          <th scope="col" class="figure">${text.readings}</th>
          <th scope="col" class="figure">${text.bills}</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
  return html`<section class="card">
    <h2 id="arrived-title">${text.meters}</h2>
    ${meters.length === 0 ? html`<p class="soft">${text.metersNone}</p>` : table}
  </section>`
}

/** Third parties that get it from us, too, each with its own end. */
function passedOn({ language }: PageContext, { view, address, token }: Receipt): Markup | null {
  const { receipt: text, form, client, final } = messages[language]
  if (view.passedOn.length === 0) return null
  const items = view.passedOn.map(({ consentNo, clientName, dataClasses, ends, ended }) => {
    const stop = html`<form class="screen" method="post" action="${address}/passed-on/${consentNo}/stop">
      ${tokenField(token)}
      <button class="button quiet"><span>${client.stopOne(named(clientName))}</span></button>
    </form>`
    return html`<li>
      <h3>${named(clientName)}</h3>
      ${facts([
        [form.data, dataClassNames(dataClasses, language)],
        ended === null
          ? [form.until, final.untilText(dateInWords(ends, language))]
          : [text.endedOn, dateInWords(ended, language)],
      ])}
      ${ended === null && isRunning(view.state) ? stop : null}
    </li>`
  })
  return html`<section class="card" id="passed-on">
    <h2>${client.alsoTitle}</h2>
    <p>${client.alsoText}</p>
    <ul class="passed-on">
      ${items}
    </ul>
  </section>`
}

function controls({ language }: PageContext, { view, address, token, errors, endDate }: Receipt): Markup {
  const { receipt: text, form } = messages[language]
  const hint = text.changeText
  const error = errorOf(errors, 'endDate', language)
  const portal = view.customerPortal
  const link =
    portal === null || !/^https?:\/\//i.test(portal)
      ? null
      : html`<a href="${portal}" rel="noopener noreferrer">${new URL(portal).host}</a>`
  return html`<form
      class="card screen"
      method="post"
      action="${address}/shorten"
      aria-labelledby="change-title"
      novalidate
    >
      <h2 id="change-title">${text.change}</h2>
      ${tokenField(token)}
      ${field({ name: 'endDate', label: form.end, hint, error, value: endDate ?? view.ends, type: 'date', autocomplete: 'off', max: view.ends })}
      <button class="button quiet">${text.changeButton}</button>
    </form>
    <section class="card screen">
      <h2>${text.stop}</h2>
      <p>${text.stopText}</p>
      <p><a class="button quiet" href="${address}/revoke">${text.stopButton}</a></p>
      ${link === null ? null : html`<p class="soft">${text.atUtility(named(view.utilityName), link)}</p>`}
    </section>`
}

function consent({ language }: PageContext, view: ReceiptView): Markup {
  const text = messages[language].receipt
  return html`<section class="card">
    <h2>${text.text}</h2>
    <p class="agreed soft" dir="auto">${view.consentText}</p>
    <p class="hint">${text.hash}:<br /><code>${view.consentHash}</code></p>
    <p class="hint screen">${text.print}</p>
  </section>`
}
