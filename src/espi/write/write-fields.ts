import { type ByteWriter, writeMarkup } from './byte-writer.ts'
import { leafText } from './check-leaf.ts'
import { escapeText } from './clean-text.ts'
import type { Edition, Field, Fields } from './fields.ts'

/** Where the elements of one resource go. path: of what is being written, for the sentences of errors. */
export type Target = { writer: ByteWriter; edition: Edition; path: string }

/**
 * Writes the elements of an object in the order of its table; what the table does not have, or not in this edition, is left out.
 * Throws RangeError with the path of a field that is missing, refused, or holds what its type does not take.
 */
export function writeFields(target: Target, fields: Fields, object: object): void {
  const values: Record<string, unknown> = { ...object }
  for (const [name, field] of Object.entries(fields)) {
    if (field.recent && target.edition === 'common') continue
    writeField({ ...target, path: `${target.path}.${name}` }, name, field, values[name])
  }
}

function writeField(target: Target, name: string, field: Field, value: unknown): void {
  const given: unknown[] = (Array.isArray(value) ? value : [value]).filter((one) => one !== null && one !== undefined)
  if (field.refused !== undefined && given.length > 0) throw new RangeError(`${target.path}: ${field.refused}`)
  const { least = field.need === 'must' ? 1 : 0, most = Infinity, mostInCommon = most } = field
  if (given.length < least) throw new RangeError(`${target.path} is missing; the schemas want ${least} or more`)
  const allowed = target.edition === 'common' ? mostInCommon : most
  if (given.length > allowed) throw new RangeError(`${target.path} has ${given.length} values; it takes ${allowed}`)
  for (const one of given) writeOne(target, name, field, one)
  if (given.length === 0 && field.need === 'empty') writeMarkup(target.writer, `<${name}/>`)
}

function writeOne(target: Target, name: string, field: Field, value: unknown): void {
  const { writer, path } = target
  if (field.fields !== undefined && typeof value === 'object' && value !== null) {
    writeMarkup(writer, `<${name}>`)
    writeFields(target, field.fields, value)
    writeMarkup(writer, `</${name}>`)
  } else if (field.leaf !== undefined && (typeof value === 'string' || typeof value === 'number')) {
    const text = leafText(field.leaf, value, path)
    if (text !== '') writeMarkup(writer, `<${name}>${escapeText(text)}</${name}>`)
    else if (field.need === 'empty') writeMarkup(writer, `<${name}/>`)
    else if (field.need === 'must') throw new RangeError(`${path} is empty; the schemas want it`)
  } else throw new RangeError(`${path} cannot hold a value of type ${typeof value}`)
}
