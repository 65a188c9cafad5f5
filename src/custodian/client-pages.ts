import type { FieldErrors } from '../authorization/customer-path.ts'
import type { DataClass } from '../model/authorization-states.ts'
import { dateInWords } from '../pages/dates.ts'
import { dataClassList, facts, tokenField } from '../pages/facts.ts'
import { choice, errorOf, errorSummary, field } from '../pages/form-fields.ts'
import { layout, mailLink, type PageContext } from '../pages/layout.ts'
import { html, type Markup } from '../pages/markup.ts'
import { messages } from '../pages/messages.ts'
import { named } from '../pages/shown-text.ts'
import { daysOf, type Terms } from './consent-words.ts'
import type { Refusal } from './judge-request.ts'

/** Who asks for data of whose customers. */
type Asking = { clientName: string; companyName: string }

type Ask = Asking & { dataClasses: DataClass[]; action: string; token: string; email: string; errors: FieldErrors }

/** First page: who asks and for what; the customer says by which address they are known. */
export function askPage(context: PageContext, page: Ask): string {
  const text = messages[context.language]
  const [client, company] = [named(page.clientName), named(page.companyName)]
  return layout(context, {
    title: text.client.title,
    wide: true,
    body: html`
      ${errorSummary(page.errors, ['email'], context.language)}
      <div class="intro">
        <h1>${text.client.heading(client)}</h1>
        <p class="lead">${text.client.asks(client, company)}</p>
      </div>
      <div class="columns">
        <section class="card" aria-labelledby="asked-title">
          <h2 id="asked-title">${text.client.asked}</h2>
          ${facts([
            [text.form.data, dataClassList(page.dataClasses, context.language)],
            [text.client.receives, client],
            [text.client.holds, named(context.operatorName)],
          ])}
        </section>
        <form class="card" method="post" action="${page.action}" aria-labelledby="who-title" novalidate>
          <h2 id="who-title">${text.client.who}</h2>
          <p>${text.client.whoText(company)}</p>
          ${tokenField(page.token)}
          ${field({ name: 'email', label: text.form.email, hint: text.client.emailHint, error: errorOf(page.errors, 'email', context.language), value: page.email, type: 'email', autocomplete: 'email', maxLength: 254 })}
          ${buttons(text.client.send, text.client.decline)}
        </form>
      </div>
    `,
  })
}

function buttons(yes: string, no: string): Markup {
  return html`<div class="actions">
    <button class="button" name="action" value="continue">${yes}</button>
    <button class="button quiet" name="action" value="decline">${no}</button>
  </div>`
}

/** The same whether anybody shares under the address or not. */
export function sentPage(context: PageContext, { companyName }: Asking): string {
  const { client: text } = messages[context.language]
  return layout(context, {
    title: text.sentTitle,
    body: html`<div class="card">
      <h1>${text.sentTitle}</h1>
      <p>${text.sent(named(companyName))}</p>
      <p class="soft">${text.sentNothing(named(companyName))}</p>
    </div>`,
  })
}

type Offered = { choice: string; terms: Terms; words: string }
type Consent = Asking & { offered: readonly Offered[]; action: string; token: string; errors: FieldErrors }

/** Behind the mailed link: what would be passed on, word by word, and the decision. */
export function consentPage(context: PageContext, page: Consent): string {
  const { client: text, form } = messages[context.language]
  const client = named(page.clientName)
  if (page.offered.length === 0) return nothingPage(context, page)
  return layout(context, {
    title: text.title,
    wide: true,
    body: html`
      ${errorSummary(page.errors, ['share'], context.language)}
      <div class="intro">
        <h1>${text.heading(client)}</h1>
        <p class="lead">${text.asks(client, named(page.companyName))}</p>
      </div>
      <div class="columns">
        <div>${page.offered.map((each) => offeredCard(context, page, each))}</div>
        <form class="card sticky" method="post" action="${page.action}" aria-labelledby="confirm-title" novalidate>
          <h2 id="confirm-title">${text.confirm}</h2>
          ${tokenField(page.token)} ${shareField(context, page)}
          <p>${text.agree(client)}</p>
          ${buttons(text.allow, form.decline)}
        </form>
      </div>
    `,
  })
}

/** The only share that there is, or one of several. */
function shareField(context: PageContext, { offered, errors }: Consent): Markup {
  const [only, ...others] = offered
  if (only && others.length === 0) return html`<input type="hidden" name="share" value="${only.choice}" />`
  return choice({
    name: 'share',
    label: messages[context.language].client.choose,
    error: errorOf(errors, 'share', context.language),
    chosen: '',
    options: offered.map((each) => ({ value: each.choice, label: shareLabel(context, each) })),
  })
}

function nothingPage(context: PageContext, page: Consent): string {
  const { client: text } = messages[context.language]
  return layout(context, {
    title: text.title,
    body: html`<form class="card" method="post" action="${page.action}">
      <h1>${text.heading(named(page.clientName))}</h1>
      <p>${text.nothing}</p>
      ${tokenField(page.token)}
      <p class="actions"><button class="button quiet" name="action" value="decline">${text.goBack}</button></p>
    </form>`,
  })
}

function shareLabel({ language }: PageContext, { terms }: Offered): Markup {
  return messages[language].client.share(named(terms.utilityName), dateInWords(daysOf(terms).until, language))
}

function offeredCard({ language }: PageContext, page: Asking, { terms, words }: Offered): Markup {
  const { client: text, form, final } = messages[language]
  const days = daysOf(terms)
  return html`<section class="card">
    <h2>${named(terms.utilityName)}</h2>
    ${facts([
      [form.data, dataClassList(terms.dataClasses, language)],
      [text.receives, named(page.clientName)],
      [form.reach, text.reachText(dateInWords(days.from, language))],
      [form.until, final.untilText(dateInWords(days.until, language))],
    ])}
    <h3>${text.exact}</h3>
    <p class="agreed soft" dir="auto">${words}</p>
  </section>`
}

/** Behind the link of the receipt mail: what is passed on, and the button that stops it. */
export function stopPage(
  context: PageContext,
  page: { clientName: string; words: string; isRunning: boolean; action: string; token: string },
): string {
  const { client: text } = messages[context.language]
  const client = named(page.clientName)
  return layout(context, {
    title: text.stopTitle,
    body: html`<form class="card" method="post" action="${page.action}">
      <h1>${page.isRunning ? text.running(client) : text.over(client)}</h1>
      ${tokenField(page.token)}
      <p>${page.isRunning ? text.stopText(client) : text.overText(client)}</p>
      ${page.isRunning ? html`<p class="actions"><button class="button danger">${text.stop}</button></p>` : null}
      <h2>${text.exact}</h2>
      <p class="agreed soft" dir="auto">${page.words}</p>
    </form>`,
  })
}

/** What is wrong with a request that nobody may be sent back from. */
export function refusedPage(context: PageContext, refused: Refusal): string {
  const { client: text, help } = messages[context.language]
  return layout(context, {
    title: text.refusedTitle,
    body: html`<div class="card">
      <h1>${text.refusedTitle}</h1>
      <p>${text.refused[refused]}</p>
      <p>${text.refusedNext}</p>
      <p class="soft">${help(mailLink(context.operatorEmail))}</p>
    </div>`,
  })
}
