import type { FieldErrors, FormView } from '../authorization/customer-path.ts'
import { countInWords, dateInWords } from './dates.ts'
import { dataClassList, facts, tokenField } from './facts.ts'
import { choice, errorOf, errorSummary, field } from './form-fields.ts'
import { layout, mailLink, type PageContext } from './layout.ts'
import { html, type Markup } from './markup.ts'
import { messages } from './messages.ts'
import { named, shownText, strong } from './shown-text.ts'

/** What the customer has typed so far; on the first visit what the link prefills. */
export type FormEntries = { name: string; email: string; endDate: string; utilitySlug: string }

type Form = { view: FormView; entries: FormEntries; errors: FieldErrors; action: string; token: string }

/** Steps 1 and 2 of the customer's path: who asks for what, until when, and the form that goes on to the utility. */
export function formPage(context: PageContext, form: Form): string {
  const text = messages[context.language].form
  const { view, errors } = form
  const title = text.title(shownText(view.companyName))
  const failed = Object.keys(errors).length > 0
  return layout(context, {
    title: failed ? `${text.errorTitle}${title}` : title,
    step: 1,
    wide: true,
    body: html`
      ${errorSummary(errors, ['utilitySlug', 'name', 'email', 'endDate'], context.language)}
      ${introduction(context, view)}
      <div class="columns">
        ${summaryCard(context, view)}
        <div class="sticky">${entryCard(context, form)}</div>
      </div>
      ${assurances(context, view)}
    `,
  })
}

function introduction({ language, operatorName }: PageContext, view: FormView): Markup {
  const text = messages[language].form
  const company = strong(view.companyName)
  return html`<div class="intro">
    ${logo(view)}
    <h1>${text.heading(named(view.companyName))}</h1>
    <p class="lead">
      ${view.userEmail === '' ? text.asksAnyone(company) : text.asks(strong(view.userEmail), company)}
      ${text.intro(named(operatorName), utilityName(view))}
    </p>
    ${view.renews ? html`<p class="note">${text.renews}</p>` : null}
  </div>`
}

const RASTER = ['image/png', 'image/jpeg', 'image/webp', 'image/gif']

/** The company's logo, inside the page: nothing is fetched from elsewhere. Only raster types; an SVG is a program. */
export function logo({ logo: image, companyName }: FormView): Markup | null {
  if (image === null || !RASTER.includes(image.type)) return null
  const bytes = Buffer.from(image.bytes).toString('base64')
  return html`<img class="logo" src="data:${image.type};base64,${bytes}" alt="${shownText(companyName)}" />`
}

function summaryCard({ language, operatorName }: PageContext, view: FormView): Markup {
  const text = messages[language].form
  const company = named(view.companyName)
  const months = countInWords(view.historyMonths, language)
  return html`<section class="card" aria-labelledby="summary-title">
    <h2 id="summary-title">${text.summary}</h2>
    ${facts([
      [text.data, dataClassList(view.dataClasses, language)],
      view.utility === null ? null : [text.from, named(view.utility.name)],
      [text.purpose, named(view.purpose)],
      [text.receives, text.receivesText(company, named(operatorName))],
      [text.reach, text.reachText(months, dateInWords(view.historyStart, language))],
      [text.often, text.oftenText],
      [text.until, text.untilText(dateInWords(view.defaultEnd, language))],
      [text.notIncluded, text.notIncludedText],
    ])}
  </section>`
}

function entryCard({ language, operatorName }: PageContext, { view, entries, errors, action, token }: Form): Markup {
  const text = messages[language].form
  const hint = text.endHint(dateInWords(view.defaultEnd, language), dateInWords(view.maxEnd, language))
  const problem = (name: string): string | null => errorOf(errors, name, language)
  return html`<form class="card" method="post" action="${action}" aria-labelledby="you-title" novalidate>
    <h2 id="you-title">${text.you}</h2>
    ${tokenField(token)}
    <input type="hidden" name="consentVersion" value="${view.consentVersion}" />
    ${utilityChoice(view, { label: text.utility, error: problem('utilitySlug'), chosen: entries.utilitySlug })}
    ${field({ name: 'name', label: text.name, hint: text.nameHint, error: problem('name'), value: entries.name, type: 'text', autocomplete: 'name', maxLength: 200 })}
    ${field({ name: 'email', label: text.email, hint: text.emailHint, error: problem('email'), value: entries.email, type: 'email', autocomplete: 'email', maxLength: 254 })}
    ${field({ name: 'endDate', label: text.end, hint, error: problem('endDate'), value: entries.endDate, type: 'date', autocomplete: 'off', max: view.maxEnd })}
    <p>${text.next(utilityName(view))}</p>
    <p class="soft">
      ${text.agree(named(view.companyName), named(operatorName))} ${policies(view, operatorName, language)}
    </p>
    <div class="actions">
      <button class="button" name="action" value="continue">${text.continue}</button>
      <button class="button quiet" name="action" value="decline">${text.decline}</button>
    </div>
    <p class="soft">${text.declineNote(named(view.companyName))}</p>
  </form>`
}

function utilityChoice(view: FormView, rest: { label: string; error: string | null; chosen: string }): Markup {
  if (view.utility !== null) return html`<input type="hidden" name="utilitySlug" value="${view.utility.slug}" />`
  const options = view.utilities.map(({ slug, name }) => ({ value: slug, label: named(name) }))
  return choice({ name: 'utilitySlug', options, ...rest })
}

function policies(view: FormView, operatorName: string, language: PageContext['language']): Markup {
  const text = messages[language].form
  const company = named(view.companyName)
  const operator = named(operatorName)
  const links = [
    policyLink(view.termsUrl, text.companyTerms(company)),
    policyLink(view.privacyUrl, text.companyPrivacy(company)),
    html`<a href="/terms?lang=${language}">${text.operatorTerms(operator)}</a>`,
    html`<a href="/privacy?lang=${language}">${text.operatorPrivacy(operator)}</a>`,
  ].filter((link) => link !== null)
  const joined = links.map((link, index) => (index === 0 ? link : html` · ${link}`))
  return text.policies(joined, view.consentVersion)
}

/** A link to a company's own text; only over http and https, so that no script hides in it. */
function policyLink(url: string | null, name: Markup): Markup | null {
  if (url === null || !/^https?:\/\//i.test(url)) return null
  return html`<a href="${url}" rel="noopener noreferrer nofollow">${name}</a>`
}

function assurances({ language }: PageContext, view: FormView): Markup {
  const text = messages[language].form
  const company = named(view.companyName)
  return html`<div class="card">
    ${facts([
      [text.stop, text.stopText(utilityName(view))],
      [text.after, text.afterText(company)],
    ])}
    <p class="soft">${text.contact(company, mailLink(view.companyEmail))}</p>
  </div>`
}

function utilityName(view: FormView): Markup | null {
  return view.utility === null ? null : named(view.utility.name)
}
