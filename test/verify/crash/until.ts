import { availableParallelism, loadavg } from 'node:os'

import { until as untilThere } from '../../running-app.ts'

/** The same with as much more time as others work on this machine, too. */
export async function until<T>(what: string, check: () => Promise<T | null>, seconds = 40): Promise<T> {
  const busy = (loadavg()[0] ?? 0) / availableParallelism()
  return await untilThere(what, check, seconds * Math.max(1, busy))
}
