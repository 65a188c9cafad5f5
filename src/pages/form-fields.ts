import type { FieldErrors, Language } from '../authorization/customer-path.ts'
import { html, type Markup, type Value } from './markup.ts'
import { messages } from './messages.ts'

type Field = {
  name: string
  label: string
  hint: string
  error: string | null
  value: string
  type: 'text' | 'email' | 'date'
  /** Value of the autocomplete attribute (HTML standard): what the browser may fill in. */
  autocomplete: string
  maxLength?: number
  max?: string
}

/** A labeled input with its hint and its error, both tied to it for screen readers. */
export function field({ name, label, hint, error, value, type, autocomplete, maxLength, max }: Field): Markup {
  const described = error === null ? `${name}-hint` : `${name}-error ${name}-hint`
  return html`<div class="field">
    <label for="${name}">${label}</label>
    ${error === null ? null : html`<p class="error" id="${name}-error">${error}</p>`}
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      value="${type === 'date' && !isDay(value) ? '' : value}"
      autocomplete="${autocomplete}"
      aria-describedby="${described}"
      required
      ${maxLength === undefined ? null : html`maxlength="${maxLength}"`}
      ${max === undefined ? null : html`max="${max}"`}
      ${error === null ? null : html`aria-invalid="true"`}
    />
    <p class="hint" id="${name}-hint">${hint}</p>
  </div>`
}

/** A date input takes nothing else, and browsers complain of what they must ignore. */
const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text)

type Choice = {
  name: string
  label: string
  error: string | null
  options: { value: string; label: Value }[]
  chosen: string
}

/** One of several, as radio buttons. */
export function choice({ name, label, error, options, chosen }: Choice): Markup {
  return html`<fieldset class="field" id="${name}" tabindex="-1">
    <legend>${label}</legend>
    ${error === null ? null : html`<p class="error">${error}</p>`}
    <div class="choices">
      ${options.map(
        ({ value, label: option }) =>
          html`<label class="choice">
            <input type="radio" name="${name}" value="${value}" required ${value === chosen ? html`checked` : null} />
            <span>${option}</span>
          </label>`,
      )}
    </div>
  </fieldset>`
}

/** What is wrong with one field, in words; null when nothing is. Codes without words fall back to the field's own. */
export function errorOf(errors: FieldErrors, name: string, language: Language): string | null {
  const code = errors[name]
  if (code === undefined) return null
  const texts: Record<string, string> = messages[language].fieldErrors
  return texts[code] ?? texts[name] ?? messages[language].fieldErrors.other
}

/** The list above the form that takes the focus and leads to each field; null when there is nothing to say. */
export function errorSummary(errors: FieldErrors, order: readonly string[], language: Language): Markup | null {
  const names = Object.keys(errors)
  if (names.length === 0) return null
  const sorted = [...order.filter((name) => names.includes(name)), ...names.filter((name) => !order.includes(name))]
  const items = sorted.map((name) => html`<li><a href="#${name}">${errorOf(errors, name, language)}</a></li>`)
  return html`<div class="summary" role="alert" tabindex="-1" autofocus>
    <h2>${messages[language].form.errors(names.length)}</h2>
    <ul>
      ${items}
    </ul>
  </div>`
}
