import { ResourceError } from './resource-error.ts'

/**
 * What a request may cut out: readings and bills by their time (published-…), months and bills by their last change (updated-…), both
 * in epoch seconds, the end exclusive; and a page of the entries of a collection.
 */
export type Window = {
  from: number | null
  until: number | null
  updatedFrom: number | null
  updatedUntil: number | null
  startIndex: number
  maxResults: number
}

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

/** Reads the parameters of ESPI's queries. Throws ResourceError 400 on any of them that cannot be read, or comes twice. */
export function readWindow(query: URLSearchParams): Window {
  const one = (name: string): string | null => {
    const [first, ...others] = query.getAll(name)
    if (others.length > 0) throw new ResourceError(400, `${name} is given twice.`)
    return first ?? null
  }
  const moment = (name: string): number | null => {
    const text = one(name)
    if (text === null) return null
    const at = Date.parse(text)
    if (!MOMENT.test(text) || Number.isNaN(at))
      throw new ResourceError(400, `${name} is a moment such as 2026-11-01T00:00:00Z.`)
    return Math.floor(at / 1000)
  }
  const whole = (name: string): number | null => {
    const text = one(name)
    if (text !== null && !/^[1-9]\d{0,8}$/.test(text))
      throw new ResourceError(400, `${name} is a whole number from 1 on.`)
    return text === null ? null : Number(text)
  }
  whole('depth') // a feed always has all that is below
  return {
    from: moment('published-min'),
    until: moment('published-max'),
    updatedFrom: moment('updated-min'),
    updatedUntil: moment('updated-max'),
    startIndex: whole('start-index') ?? 1,
    maxResults: whole('max-results') ?? Infinity,
  }
}
