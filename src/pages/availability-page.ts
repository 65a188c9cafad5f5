import { DATA_CLASSES } from '../model/authorization-states.ts'
import type { Espi, Utility } from '../utilities/contract.ts'
import { countInWords } from './dates.ts'
import { layout, type PageContext } from './layout.ts'
import { html, type Markup } from './markup.ts'
import { messages } from './messages.ts'
import { named } from './shown-text.ts'

/** What the page tells of a utility; a whole `Utility` fits. */
export type UtilityFacts = Pick<Utility, 'id' | 'slug' | 'name' | 'products' | 'dataLagDays'> & {
  espi: Pick<Espi, 'historyDays'>
}

/** Which product each utility delivers, and that none delivers bill PDFs. */
export function availabilityPage(context: PageContext, utilities: readonly UtilityFacts[]): string {
  const { availability: text, dataClasses } = messages[context.language]
  const columns = DATA_CLASSES.map((name) => html`<th scope="col">${dataClasses[name].name}</th>`)
  const table = html`<div class="card">
    <div class="scroll" tabindex="0" role="region" aria-labelledby="availability-title">
      <table>
        <thead>
          <tr>
            <th scope="col">${text.utility}</th>
            ${columns}
            <th scope="col">${text.billPdfs}</th>
            <th scope="col">${text.history}</th>
            <th scope="col">${text.lag}</th>
          </tr>
        </thead>
        <tbody>
          ${utilities.map((utility) => row(context, utility))}
        </tbody>
      </table>
    </div>
  </div>`
  return layout(context, {
    title: text.title,
    wide: true,
    body: html`<div class="intro">
        <h1 id="availability-title">${text.title}</h1>
        <p class="lead">${text.intro}</p>
        <p class="note">${text.pdf}</p>
      </div>
      ${utilities.length === 0 ? html`<p>${text.none}</p>` : table}`,
  })
}

const DAYS_PER_MONTH = 365.25 / 12

function row({ language }: PageContext, { name, products, espi, dataLagDays }: UtilityFacts): Markup {
  const text = messages[language].availability
  const cell = (has: boolean): Markup =>
    html`<td class="short">${has ? html`<strong>✓ ${text.yes}</strong>` : html`– ${text.no}`}</td>`
  const months = countInWords(Math.round(espi.historyDays / DAYS_PER_MONTH), language)
  return html`<tr>
    <th scope="row">${named(name)}</th>
    ${DATA_CLASSES.map((product) => cell(products[product]))} ${cell(products.billPdfs)}
    <td class="short">${text.historyText(months)}</td>
    <td class="short">${text.lagText(dataLagDays)}</td>
  </tr>`
}
