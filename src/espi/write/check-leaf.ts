import { cleanText } from './clean-text.ts'
import type { Leaf } from './fields.ts'

/**
 * The text of an element, checked against its type; '' when there is nothing to say.
 * Throws RangeError with the path of the field and what it takes, never with the value: that may be a customer's.
 */
export function leafText(leaf: Leaf, value: string | number, path: string): string {
  const text = cleanText(String(value))
  const { fits, takes } = ruleOf(leaf)
  if (text !== '' && !fits(text)) throw new RangeError(`${path} takes ${takes}`)
  return text
}

type Rule = { fits: (text: string) => boolean; takes: string }

function ruleOf(leaf: Leaf): Rule {
  if (leaf.type === 'text') {
    const { most } = leaf
    const fits = (text: string): boolean => text.length <= most || countCharacters(text) <= most
    return { fits, takes: `text of at most ${most} characters` }
  }
  if (leaf.type === 'integer') {
    const { least, most } = leaf
    const digits = least < 0 ? /^[+-]?\d{1,64}$/ : /^\d{1,64}$/
    const fits = (text: string): boolean => digits.test(text) && Number(text) >= least && Number(text) <= most
    return { fits, takes: `a whole number from ${least} to ${most}` }
  }
  if (leaf.type === 'hex') {
    const { most } = leaf
    const fits = (text: string): boolean => /^(?:[0-9a-f]{2})+$/i.test(text) && text.length <= most * 2
    return { fits, takes: `hexadecimal digits of at most ${most} octets` }
  }
  if (leaf.type === 'one of') {
    const { values } = leaf
    return { fits: (text) => values.includes(text), takes: `one of: ${values.join(', ')}` }
  }
  if (leaf.type === 'uri') return { fits: isUri, takes: URI_TAKES }
  return { fits: (text) => FLOAT.test(text), takes: 'a decimal number' }
}

const FLOAT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i

/** Characters as XML counts them: a pair of surrogates is one. */
const countCharacters = (text: string): number => text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '.').length

/** Longer ones are no addresses; the schemas set no limit. */
const MAX_URI = 2048

export const URI_TAKES = `an address by RFC 3986 of at most ${MAX_URI} characters`

/** An address by RFC 3986, absolute or relative, of its own characters only: the strictest reading of xs:anyURI. */
export function isUri(text: string): boolean {
  return text.length <= MAX_URI && URI.test(text)
}

const CHARACTER = String.raw`(?:[\w.~!$&'()*+,;=@-]|%[0-9a-f]{2})`
const PATH = String.raw`(?:[:/]|${CHARACTER})*`
const AUTHORITY = String.raw`//${CHARACTER}+(?::\d{1,5})?(?:/${PATH})?`
const TAIL = String.raw`(?:\?(?:[:/?]|${CHARACTER})*)?(?:#(?:[:/?]|${CHARACTER})*)?`
/** With a scheme; with a host alone; a path from the root; a path whose first segment has no colon; or only a query. */
const URI = new RegExp(
  `^(?:[a-z][a-z0-9+.-]*:(?:${AUTHORITY}|/?${CHARACTER}${PATH})|${AUTHORITY}|/(?:${CHARACTER}${PATH})?|${CHARACTER}+(?:/${PATH})?|)${TAIL}$`,
  'i',
)
