import { layout, type PageContext } from './layout.ts'
import { html } from './markup.ts'
import { messages } from './messages.ts'
import { shownText } from './shown-text.ts'

/** The operator's default terms or privacy text. */
export function legalPage(context: PageContext, which: 'terms' | 'privacy'): string {
  const { legal } = messages[context.language]
  const { title, sections } = legal[which]
  const parts = sections(shownText(context.operatorName), shownText(context.operatorEmail))
  return layout(context, {
    title,
    body: html`<article class="card">
      <h1>${title}</h1>
      ${parts.map(
        ([heading, paragraph]) =>
          html`<section>
            <h2>${heading}</h2>
            <p>${paragraph}</p>
          </section>`,
      )}
      <p class="soft">${legal.more}</p>
    </article>`,
  })
}
