import { z } from 'zod'

import { overlapHours } from './parameters.ts'
import { templateBody } from './template-body.ts'

const { company_name: name, redirect_uris: redirectUris, data_classes: dataClasses } = templateBody.shape

const notifyUri = z.string('must be an address').max(2048, 'is too long').nullable().meta({
  description: 'https, on the public internet: gets a BatchList of what it may fetch anew. null: it is not told.',
})

/** The same rules as for what a form shows and where it returns to, since a customer sees and follows both. */
export const clientBody = z.object({
  name,
  redirect_uris: redirectUris.unwrap().min(1, 'must not be empty'),
  data_classes: dataClasses,
  notify_uri: notifyUri.default(null),
})

/** It has to be given: giving the same again enables it again. */
export const modifyClientBody = z.object({ notify_uri: notifyUri })

export const rotateClientBody = z.object({ overlap_hours: overlapHours('secret') })
