import { z } from 'zod'

import { text, textOrNull } from './fields.ts'

/** What one channel of a meter counts; channels are never added to each other. */
export const channelFields = {
  commodity: text,
  direction: z.enum(['delivered', 'received', 'net', 'none']),
  quantity: text.meta({ description: 'energy, volume, demand, power, register, temperature, other.' }),
  unit: textOrNull,
  part: textOrNull.meta({ description: 'The number of the physical meter, where there are several.' }),
}
