import type { DeadEnd } from '../authorization/customer-path.ts'
import { layout, mailLink, type PageContext } from './layout.ts'
import { html } from './markup.ts'
import { messages } from './messages.ts'

/** The status of each end: 2xx where it is the customer's own wish, 4xx where something is over, 5xx where it is not their doing. */
export const deadEndStatus: Record<DeadEnd, number> = {
  unknown_link: 404,
  form_disabled: 410,
  form_expired: 410,
  declined_at_form: 200,
  declined_at_utility: 200,
  utility_down: 503,
  utility_error: 502,
  code_refused: 502,
  already_used: 409,
  other_browser: 403,
  flow_expired: 410,
  grant_abandoned: 410,
  nothing_shared: 200,
  bad_redirect_uri: 400,
  text_changed: 409,
  operator_problem: 503,
}

/** Why the path ended, in plain words, and the way on. `retry`: where to start again, null when nowhere. */
export function deadEndPage(context: PageContext, { end, retry }: { end: DeadEnd; retry: string | null }): string {
  const text = messages[context.language]
  const { title, text: reason, next } = text.deadEnds[end]
  const label = end === 'text_changed' ? text.readAgain : text.startAgain
  return layout(context, {
    title,
    body: html`<div class="card">
      <h1>${title}</h1>
      <p>${reason}</p>
      <p>${next}</p>
      ${retry === null ? null : html`<p class="actions"><a class="button" href="${retry}">${label}</a></p>`}
      <p class="soft">${text.help(mailLink(context.operatorEmail))}</p>
    </div>`,
  })
}
