import { z } from 'zod'

import { overlapHours } from './parameters.ts'
import { templateBody } from './template-body.ts'

const { company_name: name, redirect_uris: redirectUris, data_classes: dataClasses } = templateBody.shape

/** The same rules as for what a form shows and where it returns to, since a customer sees and follows both. */
export const clientBody = z.object({
  name,
  redirect_uris: redirectUris.unwrap().min(1, 'must not be empty'),
  data_classes: dataClasses,
  notify_uri: z.string('must be an address').max(2048, 'is too long').nullable().default(null).meta({
    description: 'Stands in its ApplicationInformation: https, on the public internet. Nothing is posted there yet.',
  }),
})

export const rotateClientBody = z.object({ overlap_hours: overlapHours('secret') })
