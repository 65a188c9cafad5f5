import { z } from 'zod'

import { listUsableRegistrations } from '../storage/registrations.ts'
import { text } from './answers/fields.ts'
import type { Endpoint, NativeDeps } from './endpoint.ts'

/** Utility: one that this program knows, and whether the company's customers can share from there. */
const utility = z
  .strictObject({
    id: text.meta({ description: 'As `utility` has it everywhere.', examples: ['DEMO'] }),
    name: text,
    timezone: text,
    currency: text,
    commodities: z.array(text),
    products: z.strictObject({
      meters: z.boolean(),
      bills: z.boolean(),
      intervals: z.boolean(),
      accounting: z.boolean(),
      bill_pdfs: z.boolean(),
    }),
    history_days: z.int().meta({ description: 'How far back its data go.' }),
    data_lag_days: z.number().meta({ description: 'From usage to its publication.' }),
    is_available: z.boolean().meta({ description: 'Customers can be sent there: a registration is in place.' }),
    environment: text.nullable().meta({ description: 'Of the registration: production, or simulated.' }),
  })
  .meta({ id: 'Utility' })

export const utilityEndpoints: readonly Endpoint<NativeDeps>[] = [
  {
    method: 'GET',
    path: '/utilities',
    summary: 'Lists utilities, with what they deliver and whether customers can be sent there',
    scope: 'read',
    query: z.object({}),
    answer: z.strictObject({ utilities: z.array(utility), next: z.null() }),
    async run({ deps, companyUid }) {
      const usable = await deps.db.company(companyUid, (tx) => listUsableRegistrations(tx, companyUid))
      const utilities = deps.utilities.map(({ id, name, timezone, currency, commodities, products, espi, ...rest }) => {
        const registration = usable.find((each) => each.utility === id)
        const { billPdfs, ...classes } = products
        return {
          ...{ id, name, timezone, currency, commodities },
          products: { ...classes, bill_pdfs: billPdfs },
          history_days: espi.historyDays,
          data_lag_days: rest.dataLagDays,
          is_available: registration !== undefined,
          environment: registration?.environment ?? null,
        }
      })
      return { utilities, next: null }
    },
  },
]
