import { RESOURCES, type ResourceName, type Value, type Wire } from './resources.ts'

/** A resource that says nothing, to be written over: every element null, or an empty list. */
export function blank<N extends ResourceName>(name: N): Wire<N> {
  const fields: (typeof RESOURCES)[N] = RESOURCES[name]
  return blankOf(fields)
}

/** The same for a part of one, by its entry in RESOURCES. Throws TypeError for what has no elements. */
export function blankOf<F>(fields: F): NonNullable<Value<F>> {
  if (typeof fields !== 'object' || fields === null) throw new TypeError('only what has elements can be blank')
  const value = Object.fromEntries(
    Object.entries(fields).map(([name, field]: [string, unknown]) => [name, Array.isArray(field) ? [] : null]),
  )
  if (!isBlank<F>(value, fields)) throw new TypeError('a part is missing')
  return value
}

/** Ties the value to its table where the compiler cannot. */
function isBlank<F>(value: unknown, fields: F & object): value is NonNullable<Value<F>> {
  return typeof value === 'object' && value !== null && Object.keys(fields).every((name) => name in value)
}
