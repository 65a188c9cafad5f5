import { html as escaped } from 'ghtml'

/** HTML that templates of ours wrote. Only `html` makes it, so text from outside cannot pass for it. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

export type Value = string | number | Markup | null | readonly Value[]

/**
 * The one template tag of the pages. Escapes every value (ghtml), except what is Markup already; null is nothing, lists
 * are joined. Unlike ghtml alone it has no way to switch escaping off, so that a slip of the pen stays harmless.
 */
export function html(strings: TemplateStringsArray, ...values: Value[]): Markup {
  return new Markup(strings.reduce((text, part, index) => text + write(values[index - 1] ?? null) + part))
}

function write(value: Value): string {
  if (value === null) return ''
  if (value instanceof Markup) return value.text
  if (typeof value === 'string' || typeof value === 'number') return escaped`${String(value)}`
  return value.map(write).join('')
}
