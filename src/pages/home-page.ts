import { countInWords, dateInWords } from './dates.ts'
import { layout, type PageContext } from './layout.ts'
import { html, type Markup } from './markup.ts'
import { messages } from './messages.ts'
import { stateName } from './receipt-page.ts'
import { named } from './shown-text.ts'

/** What the home page shows: the demo's entrances when there is a demo, and what has come in. */
export type HomeView = {
  demo: null | {
    company: string
    forms: { utility: string; url: string }[]
    customers: { utility: string; login: string; password: string; about: string }[]
    apiUrl: string
    token: string
    dataDir: string
    mailDir: string | null
  }
  arrived: {
    authorizations: number
    meters: number
    readings: number
    bills: number
    billingSummaries: number
    recent: {
      when: string
      utility: string
      customer: string
      state: string
      meters: number
      readings: number
      bills: number
    }[]
  }
}

type Demo = NonNullable<HomeView['demo']>

/** Data is still on its way: someone is between the steps, or a share has begun and nothing has arrived. */
export function isUnderWay({ arrived }: HomeView): boolean {
  return arrived.recent.some(({ state, readings }) => state === 'pending' || (state === 'active' && readings === 0))
}

/** What this server is, how to try it, and what has come in so far. */
export function homePage(context: PageContext, view: HomeView): string {
  const text = messages[context.language].home
  return layout(context, {
    title: text.title,
    wide: true,
    body: html`<div class="intro">
        <h1>${text.heading}</h1>
        <p class="lead">${text.intro(named(context.operatorName))}</p>
        <p>${text.customers}</p>
      </div>
      ${view.demo === null ? null : [tryIt(context, view.demo), arrived(context, view), reading(context, view.demo)]}`,
  })
}

function tryIt({ language }: PageContext, demo: Demo): Markup {
  const text = messages[language].home
  const forms = demo.forms.map(
    ({ utility, url }) =>
      html`<li>
        <a class="button" href="${url}"><span>${text.open(named(utility))}</span></a>
      </li>`,
  )
  const customers = demo.customers.map(
    ({ utility, login, password, about }) =>
      html`<tr>
        <th scope="row">${named(utility)}</th>
        <td>${named(about)}</td>
        <td><code>${login}</code></td>
        <td><code>${password}</code></td>
      </tr>`,
  )
  return html`<section class="card">
    <h2 id="try-title">${text.try}</h2>
    <p>${text.tryText(named(demo.company))}</p>
    <ul class="plain links">
      ${forms}
    </ul>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="try-title">
      <table>
        <thead>
          <tr>
            <th scope="col">${text.utility}</th>
            <th scope="col">${text.customer}</th>
            <th scope="col">${text.login}</th>
            <th scope="col">${text.password}</th>
          </tr>
        </thead>
        <tbody>
          ${customers}
        </tbody>
      </table>
    </div>
  </section>`
}

/** Only where a demo runs: on a real server these names are nobody else's business. */
function arrived({ language }: PageContext, view: HomeView): Markup {
  const text = messages[language].home
  const { recent, ...counts } = view.arrived
  const names = ['authorizations', 'meters', 'readings', 'bills', 'billingSummaries'] as const
  const figures = names.map(
    (name) =>
      html`<div>
        <dt>${text[name]}</dt>
        <dd>${countInWords(counts[name], language)}</dd>
      </div>`,
  )
  return html`<section class="card">
    <h2 id="arrived-title">${text.arrived}</h2>
    <dl class="counts">${figures}</dl>
    ${recent.length === 0 ? html`<p class="soft">${text.nothing}</p>` : recentTable(language, recent)}
    ${isUnderWay(view) ? html`<p class="hint">${text.refreshes}</p>` : null}
  </section>`
}

function recentTable(language: PageContext['language'], recent: HomeView['arrived']['recent']): Markup {
  const text = messages[language].home
  const figure = (count: number): Markup => html`<td class="figure">${countInWords(count, language)}</td>`
  const rows = recent.map(
    (one) =>
      html`<tr>
        <td>${dateInWords(one.when, language)}</td>
        <td>${named(one.utility)}</td>
        <td>${named(one.customer)}</td>
        <td>${stateName(one.state, language)}</td>
        ${figure(one.meters)} ${figure(one.readings)} ${figure(one.bills)}
      </tr>`,
  )
  const left = [text.when, text.utility, text.customer, text.state].map((name) => html`<th scope="col">${name}</th>`)
  const right = [text.meters, text.readings, text.bills].map(
    (name) => html`<th scope="col" class="figure">${name}</th>`,
  )
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${text.recent}">
    <table>
      <thead>
        <tr>
          ${left} ${right}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}

function reading({ language }: PageContext, demo: Demo): Markup {
  const text = messages[language].home
  return html`<section class="card">
    <h2>${text.api}</h2>
    <p>${text.apiText}</p>
    <pre>
curl -H 'Authorization: Bearer ${demo.token}' \\
  '${demo.apiUrl}/authorizations'</pre>
    <h3>${text.files}</h3>
    <ul class="bullets">
      <li>${text.dataDir}: <code>${demo.dataDir}</code></li>
      ${demo.mailDir === null ? null : html`<li>${text.mailDir}: <code>${demo.mailDir}</code></li>`}
    </ul>
  </section>`
}
