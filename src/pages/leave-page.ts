import { layout, type PageContext } from './layout.ts'
import { html } from './markup.ts'
import { messages } from './messages.ts'

/** The page under a redirect to another site, for whoever does not follow it: a button with the same address. */
export function leavePage(context: PageContext, url: string): string {
  const text = messages[context.language].leave
  return layout(context, {
    title: text.title,
    body: html`<div class="card">
      <h1>${text.heading(new URL(url).host)}</h1>
      <p>${text.text}</p>
      <p><a class="button" href="${url}" rel="noreferrer">${text.button}</a></p>
    </div>`,
  })
}

/** An address to redirect to, in ASCII. Throws TypeError when it is not an http or https address. */
export function leaveAddress(url: string): string {
  const parsed = new URL(url)
  if (!['http:', 'https:'].includes(parsed.protocol)) throw new TypeError(`not an address to go to: ${parsed.protocol}`)
  return parsed.href
}
