import { setThirdParty, moveClock } from './kit/admin.ts'
import type { Mounted } from './kit/mount.ts'
import { createUtility, infoOf, type UtilityOptions } from './kit/utility.ts'
import type { SimulatorOptions, Simulators } from './contract.ts'
import { startDemo } from './demo/index.ts'
import { startPge } from './pge/index.ts'
import { startSce } from './sce/index.ts'

export type { SimulatorOptions, Simulators, UtilityInfo } from './contract.ts'
export { PortTaken } from './kit/server.ts'

/**
 * Starts the three simulated utilities on 127.0.0.1 and resolves when all of them listen.
 * Throws PortTaken when a port that was asked for is not free; then nothing is left running.
 */
export const startSimulators = async (options: SimulatorOptions = {}): Promise<Simulators> => {
  const byName = await startUtilities(options)
  const { pge, sce, demo } = byName
  const started = [pge, sce, demo]
  return {
    pge: infoOf(pge.utility),
    sce: infoOf(sce.utility),
    demo: infoOf(demo.utility),
    setThirdParty: (name, thirdParty) => setThirdParty(byName[name].utility, thirdParty),
    setClock: (iso) => started.forEach(({ utility, hooks }) => moveClock(utility, hooks, iso)),
    close: async () => {
      await Promise.all(started.map((mounted) => mounted.close()))
    },
  }
}

/** The same three for whoever has to reach into them: their worlds, what they remember, and what they announce. */
export const startUtilities = async (options: SimulatorOptions): Promise<Record<'pge' | 'sce' | 'demo', Mounted>> => {
  const common = {
    stateDir: options.stateDir ?? null,
    seed: options.seed ?? null,
    clock: options.clock ?? null,
    customers: options.customers ?? 0,
    historyMonths: options.historyMonths ?? null,
  }
  const { ports = {}, thirdParties = {} } = options
  const make = (own: Omit<UtilityOptions, keyof typeof common>) => createUtility({ ...common, ...own })
  const started: Mounted[] = []
  try {
    const pge = await make({
      name: 'pge',
      label: 'PG&E',
      title: 'Pacific Gas & Electric',
      lagDays: 2,
      settings: {},
      tls: true,
      thirdParty: thirdParties.pge ?? null,
      sees: pgeSees,
    })
    started.push(await startPge(pge, { pages: ports.pgePages ?? 0, api: ports.pgeApi ?? 0 }))
    const sce = await make({
      name: 'sce',
      label: 'SCE',
      title: 'Southern California Edison',
      lagDays: 1,
      settings: { retentionDays: 30 },
      tls: true,
      thirdParty: thirdParties.sce ?? null,
      sees: sceSees,
    })
    started.push(await startSce(sce, { pages: ports.sce ?? 0, api: ports.sceApi ?? 0 }))
    const demo = await make({
      name: 'demo',
      label: 'DEMO',
      title: 'Demo Energy',
      lagDays: 1,
      settings: {},
      tls: false,
      thirdParty: thirdParties.demo ?? null,
      sees: pgeSees,
    })
    started.push(await startDemo(demo, { port: ports.demo ?? 0 }))
  } catch (error) {
    await Promise.all(started.map((mounted) => mounted.close()))
    throw error
  }
  const [pge, sce, demo] = started
  if (!pge || !sce || !demo) throw new Error('A simulated utility did not start')
  return { pge, sce, demo }
}

/** Function blocks 15 (summaries: Usage or Billing) and 16 (costs: Billing) of PG&E's table. */
const pgeSees = (data: readonly string[]) => ({
  usage: data.includes('Usage'),
  bills: data.includes('Usage') || data.includes('Billing'),
  costs: data.includes('Billing'),
})

const sceSees = (data: readonly string[]) => ({
  usage: data.includes('usage'),
  bills: data.includes('billing'),
  costs: data.includes('billing'),
})
