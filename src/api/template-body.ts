import { z } from 'zod'

import { parseReturnAddress } from '../authorization/return-address.ts'
import { DATA_CLASSES } from '../model/authorization-states.ts'
import type { TemplateColumns, TemplateEdit } from '../storage/templates.ts'
import type { Utility } from '../utilities/contract.ts'
import { invalidParam } from './api-error.ts'
import { emailAddress, plainText } from './parameters.ts'
import { readLogo } from './read-logo.ts'

const REDIRECTS_LIMIT = 20
const PLATFORM = 'Green Button'

/** One line that a customer reads. */
const line = plainText.min(1, 'must not be empty').refine((text) => !/\p{Cc}/u.test(text), 'must be one line')
const months = (least: number, most: number) =>
  z.int('must be a whole number').min(least, `must be ${least} to ${most}`).max(most, `must be ${least} to ${most}`)
const page = z
  .string('must be an address')
  .refine((text) => parseReturnAddress(text)?.startsWith('https:') ?? false, 'must be an https address')
  .nullable()

const fields = {
  portal: z
    .string('must be text')
    .regex(/^[a-z0-9][a-z0-9_-]{1,62}$/, 'must be 2 to 63 of a-z, 0-9, - and _')
    .meta({ description: 'The last part of the addresses of its forms; unique at this server.' }),
  company_name: line.max(100, 'is too long'),
  company_email: emailAddress,
  company_logo: z
    .string('must be a data: address')
    .max(200_000, 'is too long')
    .transform((address, context) => {
      const logo = readLogo(address)
      if (logo) return logo
      context.addIssue({ code: 'custom', message: 'must be a PNG of at most 128 KiB and 2000 by 2000 pixels' })
      return z.NEVER
    })
    .nullable()
    .meta({ description: 'A PNG as a data: address, at most 128 KiB and 2000 by 2000 pixels; null: none.' }),
  purpose: z
    .strictObject({ en: line, es: line.optional() }, 'must have "en", may have "es", and nothing else')
    .transform(({ en, es }): Record<string, string> => (es === undefined ? { en } : { en, es }))
    .meta({ description: 'What the data are for, in plain words.' }),
  data_classes: z
    .array(z.enum(DATA_CLASSES, `must be of ${DATA_CLASSES.join(', ')}`), 'must be a list')
    .min(1, 'must not be empty')
    .max(DATA_CLASSES.length, 'has more than there are')
    .transform((classes) => [...new Set(classes)]),
  history_months: months(0, 48),
  default_months: months(1, 36),
  max_months: months(1, 36),
  auto_collect: z.boolean('must be true or false'),
  monitoring: z.enum(['off', 'daily', 'weekly', 'monthly'], 'must be off, daily, weekly or monthly'),
  redirect_uris: z
    .array(
      z.string('must be an address').refine((text) => parseReturnAddress(text) !== null, 'must be https addresses'),
    )
    .max(REDIRECTS_LIMIT, `has more than ${REDIRECTS_LIMIT} items`),
  terms_url: page,
  privacy_url: page,
  disabled: z.boolean('must be true or false'),
}

/** PATCH: what is not given stays. */
export const templateEdit = z.object(fields).partial()

/** POST. The rest is as a company usually wants it. */
export const templateBody = z.object({
  ...fields,
  company_logo: fields.company_logo.default(null),
  data_classes: fields.data_classes.default([...DATA_CLASSES]),
  history_months: fields.history_months.default(24),
  default_months: fields.default_months.default(12),
  max_months: fields.max_months.default(36),
  auto_collect: fields.auto_collect.default(true),
  monitoring: fields.monitoring.default('daily'),
  redirect_uris: fields.redirect_uris.default([]),
  terms_url: page.default(null),
  privacy_url: page.default(null),
  disabled: fields.disabled.default(false),
})

type Whole = z.output<typeof templateBody>
type Part = { [Field in keyof Whole]?: Whole[Field] | undefined }

/** The columns of what was given, whole or in part. */
export function toColumns(given: Whole): TemplateColumns
export function toColumns(given: Part): TemplateEdit
export function toColumns(given: Part): TemplateEdit {
  return {
    alias: given.portal,
    companyName: given.company_name,
    companyEmail: given.company_email,
    logo: given.company_logo,
    purpose: given.purpose,
    dataClasses: given.data_classes,
    historyMonths: given.history_months,
    defaultMonths: given.default_months,
    maxMonths: given.max_months,
    autoCollect: given.auto_collect,
    monitoring: given.monitoring,
    redirectUris: given.redirect_uris,
    termsUrl: given.terms_url,
    privacyUrl: given.privacy_url,
    disabled: given.disabled,
  }
}

/** Refuses names that make a customer think of a utility or of this platform. Throws ApiError `invalid_param`. */
export function refuseReserved(name: string, utilities: readonly Utility[], field = 'company_name'): void {
  const real = utilities.filter(({ environments }) => 'production' in environments)
  const reserved = [PLATFORM, ...real.flatMap((utility) => [utility.name, ...(isWord(utility.id) ? [] : [utility.id])])]
  const found = reserved.find((each) => wordsOf(name).includes(wordsOf(each)))
  if (found !== undefined) throw invalidParam(field, `must not name "${found}"`)
}

/** Ids such as LONDON are words that others may have in their names; PG&E and SCE are not. */
const isWord = (id: string): boolean => /^[A-Z]{4,}$/.test(id)

const wordsOf = (text: string): string =>
  ` ${text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}&]+/gu, ' ')
    .trim()} `
