import { z } from 'zod'

import { DATA_CLASSES } from '../../model/authorization-states.ts'
import { count, text, textOrNull, time, uid } from './fields.ts'

/** Template: what a company's customers see, and what they are asked for. */
export const template = z
  .strictObject({
    uid,
    created: time,
    updated: time,
    user_email: text,
    user_uid: uid,
    disabled: z.boolean(),
    portal: text,
    base_url: z.url(),
    redirect_uris: z.array(text),
    company_logo: text.meta({ description: 'A data: address, or empty.' }),
    company_name: text,
    company_email: text,
  })
  .meta({ id: 'Template' })

/** What v3 tells of a template beside that. */
export const templateSettings = {
  purpose: z.record(text, text).meta({ description: 'What the data are for, by language.' }),
  data_classes: z.array(z.enum(DATA_CLASSES)),
  history_months: count,
  default_months: count.meta({ description: 'How long the customer is asked for; they may change it.' }),
  max_months: count,
  auto_collect: z.boolean(),
  monitoring: z.enum(['off', 'daily', 'weekly', 'monthly']),
  terms_url: textOrNull,
  privacy_url: textOrNull,
}
