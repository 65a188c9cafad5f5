import { layout, mailLink, type PageContext } from './layout.ts'
import { html } from './markup.ts'
import { messages } from './messages.ts'

type Problem = {
  kind: 'notFound' | 'fault' | 'away' | 'badRequest' | 'forged'
  /** Id of the request in our log, for faults of ours. */
  reference?: string
  /** Where the page can be opened anew. */
  back?: string
}

/** Pages for what should not happen: no such page, a fault of ours, a restart, a request that is not from our page. */
export function problemPage(context: PageContext, { kind, reference, back }: Problem): string {
  const text = messages[context.language]
  const problem = text.problems[kind]
  return layout(context, {
    title: problem.title,
    body: html`<div class="card">
      <h1>${problem.title}</h1>
      <p>${problem.text}</p>
      ${back === undefined ? null : html`<p><a class="button" href="${back}">${text.problems.back}</a></p>`}
      ${reference === undefined ? null : html`<p class="hint">${text.problems.reference(reference)}</p>`}
      <p class="soft">${text.help(mailLink(context.operatorEmail))}</p>
    </div>`,
  })
}
