import type { Utility } from '../utilities/contract.ts'
import type { FieldErrors, FormInput, FormView } from './customer-path.ts'
import type { LoadedForm, Offer } from './load-form.ts'
import { dateIn, startOf } from './local-dates.ts'

export type CheckedInput = { name: string; email: string; endDate: string; offer: Offer }

/**
 * Checks what the customer typed. Error codes are those of pages/english.ts `fieldErrors`. The end lies after today in
 * the utility's zone and within the template's reach.
 */
export function checkInput(
  input: FormInput,
  { loaded, view, now }: { loaded: LoadedForm; view: FormView; now: Date },
): CheckedInput | { errors: FieldErrors } {
  const offer = chosenOffer(loaded, input.utilitySlug)
  const name = input.name.trim().normalize('NFC')
  const email = input.email.trim()
  const problems = {
    name: nameProblem(name),
    email: emailProblem(email),
    endDate: endProblem(input.endDate, { maxEnd: view.maxEnd, utility: offer?.utility ?? null, now }),
    utilitySlug: offer ? null : input.utilitySlug === '' ? 'utility_missing' : 'utilitySlug',
  }
  const errors = Object.fromEntries(
    Object.entries(problems).flatMap(([field, code]) => (code === null ? [] : [[field, code]])),
  )
  if (!offer || Object.keys(errors).length > 0) return { errors }
  return { name, email, endDate: input.endDate, offer }
}

/** 1 to 200 characters; control characters, line separators and direction marks are refused. */
export function nameProblem(name: string): string | null {
  if (name === '') return 'name_missing'
  if (Array.from(name).length > 200) return 'name_too_long'
  return /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069<>]/u.test(name) ? 'name' : null
}

/** Simple on purpose: one @, no blanks, a dot in the domain; whether it works only a mail can tell. */
export function emailProblem(email: string): string | null {
  if (email === '') return 'email_missing'
  const isAddress = /^[^\s@<>()[\]\\,;:"\p{Cc}]{1,64}@[A-Za-z0-9\u00a0-\uffff.-]{1,190}\.[A-Za-z\u00a0-\uffff]{2,63}$/u
  return email.length <= 254 && isAddress.test(email) && !email.includes('..') ? null : 'email'
}

function endProblem(
  date: string,
  { maxEnd, utility, now }: { maxEnd: string; utility: Utility | null; now: Date },
): string | null {
  const zone = utility?.timezone ?? 'UTC'
  try {
    startOf(date, zone)
  } catch {
    return 'endDate'
  }
  if (date <= dateIn(zone, now)) return 'end_past'
  return date > maxEnd ? 'end_too_late' : null
}

function chosenOffer({ utility, offers }: LoadedForm, slug: string): Offer | undefined {
  return offers.find((offer) => (utility ? offer.utility.id === utility.id : offer.utility.slug === slug))
}
