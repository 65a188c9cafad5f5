import { layout, type PageContext } from './layout.ts'
import { html } from './markup.ts'
import { messages } from './messages.ts'

/**
 * Answers a form with the way to another site: the `Refresh` header that goes with it (leaveHeader) leads on at once, the
 * button is for browsers that do not follow. Not a 303, since Chromium applies `form-action` to every redirect after a
 * form (and a utility's sign-in may pass through hosts that nobody has told us): this way it stays `'self'`.
 */
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

/** The header's value for an address, in ASCII. Throws TypeError when it is not an http or https address. */
export function leaveHeader(url: string): string {
  const parsed = new URL(url)
  if (!['http:', 'https:'].includes(parsed.protocol)) throw new TypeError(`not an address to go to: ${parsed.protocol}`)
  return `0;url=${parsed.href}`
}
