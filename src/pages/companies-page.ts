import { layout, type PageContext } from './layout.ts'
import { html } from './markup.ts'
import { messages } from './messages.ts'
import { named } from './shown-text.ts'

type Companies = {
  /** null: we do not know the utility's name. */
  utilityName: string | null
  companies: { name: string; url: string }[]
}

/** For customers who started at the utility's own site: which company is it about? Each choice starts a new flow. */
export function companiesPage(context: PageContext, { utilityName, companies }: Companies): string {
  const text = messages[context.language].companies
  const utility = utilityName === null ? text.yourUtility : named(utilityName)
  const links = companies.map(
    ({ name, url }) =>
      html`<li>
        <a class="button quiet" href="${url}"><span>${named(name)}</span></a>
      </li>`,
  )
  return layout(context, {
    title: text.title,
    step: 1,
    body: html`<div class="card">
      <h1>${text.heading}</h1>
      <p>${text.text(named(context.operatorName), utility)}</p>
      ${
        companies.length === 0
          ? html`<p class="note">${text.none}</p>`
          : html`<ul class="plain links">
              ${links}
            </ul>`
      }
    </div>`,
  })
}
