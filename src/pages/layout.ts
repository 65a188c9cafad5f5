import type { Language } from '../authorization/customer-path.ts'
import { LANGUAGES } from './language.ts'
import { html, type Markup, type Value } from './markup.ts'
import { messages } from './messages.ts'
import { named, shownText } from './shown-text.ts'
import { stylesheet } from './stylesheet.ts'

/** What every page knows beside its own view. `address` is the page's own path and query, without `lang`. */
export type PageContext = {
  language: Language
  operatorName: string
  operatorEmail: string
  address: string
}

type Page = {
  title: string
  body: Value
  /** Where the customer is on the way: 1 you, 2 utility, 3 confirm; null on pages beside the way. */
  step?: 1 | 2 | 3
  wide?: boolean
}

/** The frame of every page: header with the operator and the languages, steps, content, footer. */
export function layout(context: PageContext, page: Page): string {
  const text = messages[context.language]
  const operator = shownText(context.operatorName)
  return html`<!doctype html>
    <html lang="${context.language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex, nofollow" />
        <meta name="format-detection" content="telephone=no" />
        <title>${shownText(page.title)} · ${operator}</title>
        <link rel="stylesheet" href="${stylesheet.url}" />
        <link rel="icon" href="data:," />
      </head>
      <body>
        <a class="skip" href="#content">${text.skip}</a>
        <header class="top">
          <div>
            <span class="operator">${mark}${named(context.operatorName)}</span>
            ${languageSwitch(context)}
          </div>
        </header>
        <main id="content" tabindex="-1">
          <div${page.wide ? null : html` class="narrow"`}>
            ${page.step === undefined ? null : steps(context.language, page.step)} ${page.body}
          </div>
        </main>
        ${footer(context)}
      </body>
    </html>`.text.replaceAll('.</bdi>.', '.</bdi>') // "Sunrise, Inc." at the end of a sentence
}

const mark = html`<svg width="28" height="28" viewBox="0 0 28 28" aria-hidden="true" focusable="false">
  <rect width="28" height="28" rx="8" fill="#0b5c50" />
  <path d="M15.6 5 7.5 15.6h5.2L11.6 23l8.9-11h-5.6z" fill="#ffffff" />
</svg>`

function languageSwitch({ language, address }: PageContext): Markup {
  const items = LANGUAGES.map((other) => {
    const name = messages[other].languageName
    if (other === language) return html`<li><span aria-current="true" lang="${other}">${name}</span></li>`
    return html`<li><a href="${withLanguage(address, other)}" lang="${other}" hreflang="${other}">${name}</a></li>`
  })
  return html`<nav aria-label="${messages[language].switchLanguage}">
    <ul class="languages">
      ${items}
    </ul>
  </nav>`
}

/** The same address, in a language. */
export function withLanguage(address: string, language: Language): string {
  return `${address}${address.includes('?') ? '&' : '?'}lang=${language}`
}

function steps(language: Language, current: number): Markup {
  const text = messages[language].steps
  const items = [text.you, text.utility, text.confirm].map((name, index) => {
    const number = index + 1
    const label = `${number}. ${name}`
    if (number === current) return html`<li aria-current="step">${label}</li>`
    if (number > current) return html`<li>${label}</li>`
    return html`<li data-state="done">
      <span>${label} <span class="hidden">(${text.done})</span></span>
    </li>`
  })
  return html`<ol class="steps" aria-label="${text.label}">
    ${items}
  </ol>`
}

function footer({ language, operatorName, operatorEmail }: PageContext): Markup {
  const text = messages[language].footer
  return html`<footer class="bottom">
    <div>
      <p>${text.run(named(operatorName))}</p>
      <ul>
        <li><a href="/terms?lang=${language}">${text.terms}</a></li>
        <li><a href="/privacy?lang=${language}">${text.privacy}</a></li>
        <li><a href="/availability?lang=${language}">${text.availability}</a></li>
        <li>${text.contact}: ${mailLink(operatorEmail)}</li>
      </ul>
    </div>
  </footer>`
}

/** An e-mail address that can be written to; text only when it does not look like one. */
export function mailLink(email: string): Markup {
  const plain = /^[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+$/.test(email)
  return plain ? html`<a href="mailto:${encodeURI(email).replaceAll('?', '%3F')}">${named(email)}</a>` : named(email)
}
