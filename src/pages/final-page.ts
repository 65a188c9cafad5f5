import type { GrantView } from '../authorization/customer-path.ts'
import { countInWords, dateInWords } from './dates.ts'
import { dataClassList, facts, tokenField } from './facts.ts'
import { logo } from './form-page.ts'
import { layout, type PageContext } from './layout.ts'
import { html, type Markup, type Value } from './markup.ts'
import { messages } from './messages.ts'
import { named } from './shown-text.ts'

/** Step 6: what the utility now shares, with whom and until when, and the second Continue to Final Step. */
export function finalPage(context: PageContext, final: { view: GrantView; action: string; token: string }): string {
  const { final: text, form } = messages[context.language]
  const { view, action, token } = final
  const company = named(view.form.companyName)
  return layout(context, {
    title: text.title,
    step: 3,
    wide: true,
    body: html`
      <div class="intro">
        ${logo(view.form)}
        <h1>${text.heading}</h1>
        <p class="lead">${text.intro(named(view.utilityName), company)}</p>
      </div>
      <div class="columns">
        <section class="card" aria-labelledby="shared-title">
          <h2 id="shared-title">${text.shared}</h2>
          ${grantFacts(context, view)}
        </section>
        <form class="card sticky" method="post" action="${action}" aria-labelledby="confirm-title">
          <h2 id="confirm-title">${text.confirm}</h2>
          ${facts([
            [text.as, html`${named(view.customerName)}<br />${named(view.customerEmail)}`],
            [form.until, until(context.language, view)],
          ])}
          ${tokenField(token)}
          <p>${text.agree(company)}</p>
          <div class="actions">
            <button class="button" name="action" value="continue">${form.continue}</button>
            <button class="button quiet" name="action" value="decline">${form.decline}</button>
          </div>
          <p class="soft">${text.declineNote}</p>
        </form>
      </div>
      <section class="card" aria-labelledby="exact-title">
        <h2 id="exact-title">${text.exact}</h2>
        <p class="agreed soft" dir="auto">${view.consentText}</p>
      </section>
    `,
  })
}

function grantFacts({ language, operatorName }: PageContext, view: GrantView): Markup {
  const { final: text, form } = messages[language]
  const company = named(view.form.companyName)
  const reach = dateInWords(view.historyStart, language)
  return facts([
    [form.data, dataClassList(view.dataClasses, language)],
    view.withheld.length === 0 ? null : [text.withheld, withheld(language, view)],
    [form.from, named(view.utilityName)],
    view.usagePoints === null
      ? null
      : [text.points, text.pointsText(view.usagePoints, countInWords(view.usagePoints, language))],
    [text.with, form.receivesText(company, named(operatorName))],
    [form.purpose, named(view.form.purpose)],
    [form.reach, reach],
  ])
}

function withheld(language: PageContext['language'], view: GrantView): Value {
  const { final: text, dataClasses } = messages[language]
  const names = view.withheld.map((name) => html`<li>${dataClasses[name].name}</li>`)
  return html`<ul class="plain">
      ${names}
    </ul>
    <p class="hint">${text.withheldText}</p>`
}

function until(language: PageContext['language'], view: GrantView): Value {
  const text = messages[language].final
  const ends = text.untilText(dateInWords(view.ends, language))
  if (view.utilityEnds === null) return ends
  return html`${ends}
    <p class="hint">${text.utilityEnds(named(view.utilityName), dateInWords(view.utilityEnds, language))}</p>`
}
