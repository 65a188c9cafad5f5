import type { ReceiptView } from '../authorization/customer-path.ts'
import { tokenField } from './facts.ts'
import { layout, mailLink, type PageContext } from './layout.ts'
import { html } from './markup.ts'
import { messages } from './messages.ts'
import { named } from './shown-text.ts'

/** What stopping means, before it happens. */
export function revokePage(context: PageContext, page: { view: ReceiptView; address: string; token: string }): string {
  const text = messages[context.language].revoke
  const { view, address, token } = page
  const company = named(view.companyName)
  return layout(context, {
    title: text.title,
    body: html`<form class="card" method="post" action="${address}/revoke">
      <h1>${text.heading(company)}</h1>
      <p>${text.what}</p>
      <ul class="bullets">
        <li>${text.utility(named(view.utilityName))}</li>
        <li>${text.tokens}</li>
        <li>${text.data(company)}</li>
      </ul>
      <p>${text.copies(company, mailLink(view.companyEmail))}</p>
      <p>${text.final}</p>
      ${tokenField(token)}
      <div class="actions">
        <button class="button danger">${text.button}</button>
        <a class="button quiet" href="${address}">${text.keep}</a>
      </div>
    </form>`,
  })
}
