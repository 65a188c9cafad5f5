/**
 * What the text of an element may be, as data: the simple types of the schemas, and where the five sets differ the narrowest.
 *
 * - `text`: at most so many characters · `integer`: a whole number within bounds · `hex`: at most so many octets
 * - `one of`: words that a schema lists and does not leave open · `uri`: an address (RFC 3986) · `float`: xs:float in digits
 */
export type Leaf =
  | { type: 'text'; most: number }
  | { type: 'integer'; least: number; most: number }
  | { type: 'hex'; most: number }
  | { type: 'one of'; values: readonly string[] }
  | { type: 'uri' }
  | { type: 'float' }

/**
 * One element: a leaf, or one with elements of its own. Lists are known by their values.
 *
 * need: `must`: RangeError without it · `empty`: the schemas demand it, and it stands empty when there is nothing to say.
 * least, most, mostInCommon: how many there may be, the last in the common edition only.
 * recent: not in every schema set, so that only the recent edition has it.
 * refused: never written, and a RangeError with this sentence when it is given: leaving it out would change what is said.
 */
export type Field = {
  leaf?: Leaf
  fields?: Fields
  need?: 'must' | 'empty'
  least?: number
  most?: number
  mostInCommon?: number
  recent?: true
  refused?: string
}

/** The elements of a resource in the order of the schemas. */
export type Fields = { readonly [name: string]: Field }

/**
 * `common`: only what 4.0, 3.3, the harness of 2019, 2014 and the schema of 2018 all have, so that one output is valid under each.
 * `recent`: also what only later schemas have; valid under 4.0 and 3.3.
 */
export type Edition = 'common' | 'recent'

export const text = (most: number): Field => ({ leaf: { type: 'text', most } })
const integer = (least: number, most: number): Field => ({ leaf: { type: 'integer', least, most } })
export const hex = (most: number): Field => ({ leaf: { type: 'hex', most } })
/** Words with a blank between them. */
export const words = (list: string): Field => ({ leaf: { type: 'one of', values: list.split(' ') } })
/** Numbers and ranges of them, such as `0 2-4`, as words. */
export const numbers = (list: string): Field =>
  words(
    list.replace(/(\d+)-(\d+)/g, (_, first: string, last: string) =>
      Array.from({ length: Number(last) - Number(first) + 1 }, (_unused, index) => Number(first) + index).join(' '),
    ),
  )
export const group = (fields: Fields): Field => ({ fields })

/** Enumerations are open in the schemas: any number of 16 bits is valid. */
export const code = integer(0, 65_535)
export const octet = integer(0, 255)
export const short = integer(-32_768, 32_767)
export const seconds = integer(0, 4_294_967_295)
/** Int48 of the schemas: money and quantities. */
export const amount = integer(-140_737_488_355_328, 140_737_488_355_328)
/** TimeType has 64 bits; our moments are safe integers. */
export const moment = integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
export const percent = integer(0, 100)
export const flag = words('true false 1 0')
export const uri: Field = { leaf: { type: 'uri' } }
export const float: Field = { leaf: { type: 'float' } }

export const must = (field: Field): Field => ({ ...field, need: 'must' })
export const empty = (field: Field): Field => ({ ...field, need: 'empty' })
export const recent = (field: Field): Field => ({ ...field, recent: true })
export const refused = (sentence: string): Field => ({ refused: sentence })
export const many = (least: number, field: Field, most = Infinity): Field => ({ ...field, least, most })
export const oneInCommon = (field: Field): Field => ({ ...field, least: 1, mostInCommon: 1 })

/** Stands first in every identified object. */
export const batchItemInfo = group({ name: hex(2), operation: code, statusCode: code, statusReason: text(256) })
export const period = group({ duration: must(seconds), start: must(moment) })
export const measurement = group({
  powerOfTenMultiplier: short,
  timeStamp: moment,
  uom: code,
  value: amount,
  readingTypeRef: uri,
})
export const enrollmentStatus = words('unenrolled enrolled enrolledPending')
export const localTime: Fields = {
  dstEndRule: must(hex(4)),
  dstOffset: must(moment),
  dstStartRule: must(hex(4)),
  tzOffset: must(moment),
}
