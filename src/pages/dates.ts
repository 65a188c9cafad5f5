import type { Language } from '../authorization/customer-path.ts'

const LOCALES: Record<Language, string> = { en: 'en-US', es: 'es-US' }

/**
 * A local date YYYY-MM-DD in words ("October 3, 2026"), never as figures that can be read in two ways. A moment (ISO 8601
 * with a time) gets its time and zone: "October 3, 2026 at 6:05 PM UTC". What is neither is returned as it came.
 */
export function dateInWords(text: string, language: Language): string {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const date = new Date(isDay ? `${text}T00:00:00Z` : text)
  if (Number.isNaN(date.getTime())) return text
  const style: Intl.DateTimeFormatOptions = isDay
    ? { dateStyle: 'long', timeZone: 'UTC' }
    : {
        year: 'numeric',
        month: 'long',
        day: 'numeric',
        hour: 'numeric',
        minute: '2-digit',
        timeZone: 'UTC',
        timeZoneName: 'short',
      }
  return new Intl.DateTimeFormat(LOCALES[language], style).format(date)
}

/** A whole number with the separators of the language. */
export function countInWords(count: number, language: Language): string {
  return new Intl.NumberFormat(LOCALES[language]).format(count)
}
