import { html, type Markup } from './markup.ts'

/** Controls, marks that reorder text, and characters that show nothing: they let one name pose as another. */
const UNSEEN =
  /[\p{Cc}\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]+/gu

/** More than three combining marks on one letter run into the lines above and below. */
const STACKED = /(\p{M}{3})\p{M}+/gu

const MOST = 300

/** Text from outside as a page may show it: nothing that reorders, hides or overlaps, of bounded length. */
export function shownText(text: string): string {
  const clean = text.replaceAll(/\s+/g, ' ').replaceAll(UNSEEN, '').replaceAll(STACKED, '$1').trim()
  const letters = Array.from(clean.slice(0, MOST * 4))
  return letters.length > MOST ? `${letters.slice(0, MOST).join('')}…` : clean
}

/** A name or address from outside, kept apart from the writing direction of the sentence around it. */
export function named(text: string): Markup {
  return html`<bdi>${shownText(text)}</bdi>`
}

/** The same, standing out. */
export function strong(text: string): Markup {
  return html`<strong>${named(text)}</strong>`
}
