import type { Language } from '../authorization/customer-path.ts'

export const LANGUAGES: readonly Language[] = ['en', 'es']

const isLanguage = (text: string): text is Language => LANGUAGES.some((language) => language === text)

/** A language that we speak, from text such as `es` or `es-MX`; null when it is another or none. */
export function readLanguage(text: string | null | undefined): Language | null {
  const primary = (text ?? '').trim().toLowerCase().split('-')[0] ?? ''
  return isLanguage(primary) ? primary : null
}

/** The best of our languages for an Accept-Language header (RFC 9110, 12.5.4); English when it names none of them. */
export function negotiateLanguage(acceptLanguage: string | undefined): Language {
  const wishes = (acceptLanguage ?? '')
    .slice(0, 500)
    .split(',')
    .map((wish, index) => {
      const [range = '', ...parameters] = wish.split(';')
      const quality = parameters
        .map((text) => /^\s*q=([\d.]+)\s*$/.exec(text)?.[1])
        .find((found) => found !== undefined)
      return { language: readLanguage(range), quality: quality === undefined ? 1 : Number(quality), index }
    })
  const spoken = wishes.filter(({ language, quality }) => language !== null && quality > 0)
  const best = spoken.toSorted((a, b) => b.quality - a.quality || a.index - b.index)[0]
  return best?.language ?? 'en'
}
