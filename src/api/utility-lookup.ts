import { z } from 'zod'

import { listUsableRegistrations } from '../storage/registrations.ts'
import { utilities } from '../utilities/index.ts'
import { text } from './answers/fields.ts'
import type { Endpoint } from './endpoint.ts'
import { flag, parseParameters, plainText } from './parameters.ts'

const query = z.object({ q: plainText.optional(), include_unsupported: flag })

const found = z.strictObject({
  id: text,
  name: text,
  third_party_registration: z
    .boolean()
    .meta({ description: 'A registration is in place: customers can be sent there.' }),
})

/** The incumbent's look-up, which it does not document: `q` is a part of a utility's id or name. */
export const lookupEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/utility-lookup',
    summary: 'Finds utilities by a part of their id or name',
    scope: 'read',
    query,
    answer: z.strictObject({ utilities: z.array(found) }),
    async run(call) {
      const { q = '', include_unsupported: all } = parseParameters(query, call.query)
      const { deps, companyUid } = call
      const usable = await deps.db.company(companyUid, (tx) => listUsableRegistrations(tx, companyUid))
      const wanted = q.trim().toLowerCase()
      const rows = utilities
        .filter(({ id, name }) => [id, name].some((known) => known.toLowerCase().includes(wanted)))
        .map(({ id, name }) => ({ id, name, third_party_registration: usable.some(({ utility }) => utility === id) }))
      return { utilities: rows.filter(({ third_party_registration: isUsable }) => isUsable || all === true) }
    },
  },
]
