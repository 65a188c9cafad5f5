import { z } from 'zod'

import { TestRefused } from '../authorization/test-refused.ts'
import { SCENARIOS } from '../authorization/test-scenarios.ts'
import { isUid } from '../model/uid.ts'
import { listFormPage } from '../storage/list-form-page.ts'
import { invalidParam, notFound } from './api-error.ts'
import { text } from './answers/fields.ts'
import type { Endpoint } from './endpoint.ts'
import { parseParameters, plainText } from './parameters.ts'

const body = z.object({
  utility: plainText,
  scenario: z.enum(SCENARIOS, `must be one of ${SCENARIOS.join(', ')}`),
})

const UNFILTERED = { templates: null, users: null, isArchived: null, disabled: null, after: null, limit: 1 }

export const testSubmitEndpoints: readonly Endpoint[] = [
  {
    method: 'POST',
    path: '/forms/:uid/test-submit',
    summary: 'Submits a form as a customer of the simulated utility would: makes a test authorization',
    scope: 'test',
    query: z.object({}),
    body,
    answer: z.strictObject({ success: z.literal(true), utility: text, scenario: text, referral: text }),
    async run({ deps, companyUid, body: given, params: { uid = '' } }) {
      const { rows } = isUid(uid)
        ? await deps.db.company(companyUid, (tx) => listFormPage(tx, { ...UNFILTERED, uids: [uid] }))
        : { rows: [] }
      if (!rows[0]) throw notFound()
      const { utility: id, scenario } = parseParameters(body, given)
      const utility = deps.utilityOf(id)
      if (!utility) throw invalidParam('utility', 'there is no such utility')
      try {
        const referral = await deps.testSubmit({ formUid: uid, utility, scenario })
        return { success: true, utility: id, scenario, referral }
      } catch (error) {
        throw error instanceof TestRefused ? invalidParam(error.field, error.message) : error
      }
    },
  },
]
