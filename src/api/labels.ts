import { z } from 'zod'

import type { LabelEdit, Labels } from '../storage/labels.ts'
import type { Call } from './endpoint.ts'
import { parseParameters, plainText } from './parameters.ts'
import { text, textOrNull } from './answers/fields.ts'

const ENTRIES_LIMIT = 50
const KEY = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,39}$/

const externalId = plainText.min(1, 'must not be empty; null clears it').max(200, 'is too long')

/** Looked at before it is read as a record, which would pass over a key like __proto__ in silence. */
const metadata = z
  .custom<object>((given) => typeof given === 'object' && given !== null && !Array.isArray(given), 'must be an object')
  .refine((given) => Object.keys(given).length <= ENTRIES_LIMIT, `has more than ${ENTRIES_LIMIT} entries`)
  .refine((given) => Object.keys(given).every((key) => KEY.test(key)), 'has a key that is not 1 to 40 of A-Za-z0-9_.:-')
  .pipe(z.record(z.string(), plainText))
  .meta({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Replaced as a whole; null empties it.',
  })

/** What v3 adds to the bodies of forms, authorizations and meters. */
export const labelBody = z.object({ external_id: externalId.nullish(), metadata: metadata.nullish() })

/** What v3 adds to the lists of these. */
export const labelQuery = z.object({
  external_id: plainText
    .max(200, 'is too long')
    .optional()
    .meta({ description: 'Only what has exactly this external_id.' }),
})

/** What v3 adds to these objects. */
export const labelAnswer = {
  external_id: textOrNull.meta({ description: 'Your own id of it; need not be unique.' }),
  metadata: z.record(text, text),
}

/** The labels that a request of v3 sets; null: none, as always on v2, where the fields do not exist. */
export function readLabelEdit({ isNative, body }: Call): LabelEdit | null {
  if (!isNative) return null
  const { external_id, metadata: given } = parseParameters(labelBody, body)
  if (external_id === undefined && given === undefined) return null
  return {
    ...(external_id === undefined ? {} : { externalId: external_id }),
    ...(given === undefined ? {} : { metadata: given ?? {} }),
  }
}

/** The external_id that a list of v3 is asked for; null: any. */
export function readExternalId({ isNative, query }: Call): string | null {
  return (isNative ? parseParameters(labelQuery, query).external_id : undefined) ?? null
}

/** What v3 tells beside the object of v2. */
export function renderLabels({ externalId: external_id, metadata: told }: Labels, { isNative }: Call) {
  return isNative ? { external_id, metadata: told } : {}
}
