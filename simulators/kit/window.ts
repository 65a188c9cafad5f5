/** Reading times in epoch seconds, both ends included; null bounds are open. */
export type Window = { min: number | null; max: number | null }

export class BadWindow extends Error {}

/** Reads `{name}-min` and `{name}-max`, as epoch seconds or in RFC 3339; throws BadWindow on anything else. */
export const windowOf = (
  query: URLSearchParams,
  name: 'published' | 'updated',
  dates: 'both' | 'zulu' | 'epoch' = 'both',
): Window => {
  const bound = (which: 'min' | 'max'): number | null => {
    const text = query.get(`${name}-${which}`)
    if (text === null || text === '') return null
    if (dates !== 'zulu' && /^\d{1,12}$/.test(text)) return Number(text)
    const at = dates !== 'epoch' && /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
    if (Number.isNaN(at)) throw new BadWindow(`${name}-${which} is neither epoch seconds nor a date`)
    return Math.floor(at / 1000)
  }
  return { min: bound('min'), max: bound('max') }
}

export const isOpen = (window: Window): boolean => window.min === null && window.max === null

export const holds = (window: Window, at: number): boolean =>
  (window.min === null || at >= window.min) && (window.max === null || at <= window.max)
