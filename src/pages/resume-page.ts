import { tokenField } from './facts.ts'
import { layout, type PageContext } from './layout.ts'
import { html } from './markup.ts'
import { messages } from './messages.ts'

/** Where the reminder's link leads. A button, because mail scanners open links and must not take the final step away. */
export function resumePage(context: PageContext, { action, token }: { action: string; token: string }): string {
  const text = messages[context.language].resume
  return layout(context, {
    title: text.title,
    step: 3,
    body: html`<form class="card" method="post" action="${action}">
      <h1>${text.heading}</h1>
      <p>${text.text}</p>
      <p class="soft">${text.device}</p>
      ${tokenField(token)}
      <p class="actions"><button class="button">${text.button}</button></p>
    </form>`,
  })
}
