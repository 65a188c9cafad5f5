import type { Language } from '../authorization/customer-path.ts'
import { english, type Messages } from './english.ts'
import { spanish } from './spanish.ts'

/**
 * What the pages say in a language. A language is one long file on purpose: a translator reads it from top to bottom. All
 * have the shape of the English, so that a missing or superfluous text does not compile.
 */
export const messages: Record<Language, Messages> = { en: english, es: spanish }
