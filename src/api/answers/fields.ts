import { z } from 'zod'

/** A uid as every answer has it: digits in text, below 2^63. */
export const uid = z
  .string()
  .regex(/^\d{1,19}$/)
  .meta({ description: 'Digits in text.', examples: ['104858649578'] })

/** A moment of the platform: UTC, always six decimals and a numeric offset. */
export const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/)
  .meta({ description: 'UTC.', format: 'date-time', examples: ['2026-11-26T12:00:00.000000+00:00'] })

/** A moment of the data: the utility's local time with the offset of that day. */
export const localTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d$/)
  .meta({
    description: "The utility's local time with its offset.",
    format: 'date-time',
    examples: ['2026-01-07T00:00:00.000000-08:00'],
  })

export const text = z.string()
export const textOrNull = z.string().nullable()
export const numberOrNull = z.number().nullable()
export const count = z.int().min(0)

/** What happened to an object, for people; some kinds have more keys. */
export const note = z.looseObject({ type: text, msg: text, ts: time })

/** Where data came from: the utility's feed as it was sent. */
export const source = z.strictObject({ type: z.literal('greenbutton_cmd'), raw_url: z.url() })

/** Files of an object, by the incumbent's names; each only where it is there. */
export function exportsOf(...names: string[]) {
  return z.strictObject(Object.fromEntries(names.map((name) => [name, z.url().optional()])))
}

/** The same files as a list, and more. */
export const exportsList = z.array(z.strictObject({ name: text, link: z.url() }))

/** The period from and to of what is there. */
export const coverage = z.array(z.tuple([localTime, localTime]))

/** `{"<plural>": […], "next": …}`: at most 1000 objects, and the address of the next page. */
export function listingOf(plural: string, item: z.ZodType): z.ZodObject {
  return z.strictObject({ [plural]: z.array(item), next: nextPage })
}

export const nextPage = z
  .url()
  .nullable()
  .meta({ description: 'The address of the next page; null: this is the last.' })

/** The answer to an action that returns nothing else. */
export const success = z.strictObject({ success: z.literal(true) })
