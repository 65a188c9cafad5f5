import type { Language } from '../authorization/customer-path.ts'
import { DATA_CLASSES, type DataClass } from '../model/authorization-states.ts'
import { html, type Markup, type Value } from './markup.ts'
import { messages } from './messages.ts'

/** Names and values, one below the other; rows that are null are left out. */
export function facts(rows: readonly ([name: string, value: Value] | null)[]): Markup {
  const shown = rows.filter((row) => row !== null)
  return html`<dl class="facts">
    ${shown.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`
}

/** Kinds of data in plain words, always in the same order. */
export function dataClassList(classes: readonly DataClass[], language: Language): Markup {
  const text = messages[language].dataClasses
  const known = SHOWN_ORDER.filter((name) => classes.includes(name))
  return html`<ul class="classes">
    ${known.map((name) => html`<li><strong>${text[name].name}</strong><span>${text[name].about}</span></li>`)}
  </ul>`
}

/** The same in one line. */
export function dataClassNames(classes: readonly DataClass[], language: Language): string {
  const known = SHOWN_ORDER.filter((name) => classes.includes(name))
  return known.map((name) => messages[language].dataClasses[name].name).join(', ')
}

/** What people care about most comes first. */
const SHOWN_ORDER = DATA_CLASSES.toSorted((a, b) => rank(a) - rank(b))

function rank(name: DataClass): number {
  return { intervals: 0, bills: 1, meters: 2, accounting: 3 }[name]
}

/** Hidden field that every form of ours carries (csrf.ts). */
export function tokenField(token: string): Markup {
  return html`<input type="hidden" name="token" value="${token}" />`
}
