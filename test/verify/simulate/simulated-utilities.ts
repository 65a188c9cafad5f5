import { seedRandom } from './one-thread.ts'

import { startUtilities } from '../../../simulators/index.ts'
import { moveClock } from '../../../simulators/kit/admin.ts'
import type { Mounted } from '../../../simulators/kit/mount.ts'
import type { Notifier } from '../../../simulators/kit/notifier.ts'
import { createRequestLog } from '../../../simulators/kit/requests.ts'
import type { Utility } from '../../../simulators/kit/utility.ts'
import { dayOf } from '../../../simulators/world/local-days.ts'
import type { Connection } from '../../../src/utilities/connections.ts'
import type { Seeded } from './seeded.ts'

export const SLUGS = ['pge', 'sce', 'demo'] as const
export type Slug = (typeof SLUGS)[number]

/** A notification that a utility has posted and that has not arrived. */
export type Letter = { slug: Slug; body: string; resources: readonly string[] }

/** The three simulated utilities of one worker, used by one seed after the other. */
export type SimulatedUtilities = {
  mounted: Record<Slug, Mounted>
  /** Posted, and for the seed to deliver, to lose, to double, in any order. */
  letters: Letter[]
  /** As new, at a moment (epoch ms); the same seed finds the same utilities. */
  renew(at: number, random: Seeded, how: { historyMonths: number; perHour: number }): void
  /** A connection with the quota that its utility has in this seed. */
  limited(connection: Connection): Connection
  setClock(ms: number): void
  close(): Promise<void>
}

export const PUBLIC_URL = 'http://127.0.0.1:8400'
/** Every seed has customers of its own, so that none meets what was computed for another. */
export const FLEET = 6000

export async function startSimulatedUtilities(): Promise<SimulatedUtilities> {
  const thirdParty = (slug: Slug) => ({
    redirectUri: `${PUBLIC_URL}/utilities/${slug}/callback`,
    notificationUri: 'http://127.0.0.1:9/notifications',
  })
  const mounted = await startUtilities({
    ...{ seed: 7, clock: '2020-01-15T20:00:00Z', customers: FLEET, historyMonths: 1 },
    thirdParties: { pge: thirdParty('pge'), sce: thirdParty('sce'), demo: thirdParty('demo') },
  })
  const letters: Letter[] = []
  for (const slug of SLUGS) mounted[slug].utility.notifier = collecting(slug, letters)
  const usual = new Map(SLUGS.map((slug) => [slug, structuredClone(mounted[slug].utility.settings)]))
  return {
    mounted,
    letters,
    renew(at, random, { historyMonths, perHour }) {
      seedRandom(random)
      letters.length = 0
      for (const slug of SLUGS) {
        const { utility } = mounted[slug]
        Object.assign(utility.settings, usual.get(slug))
        if (slug === 'pge') utility.settings.quota = { perSecond: 1, perHour, perDay: 20_000 }
        renewUtility(utility, at, historyMonths)
      }
    },
    limited(connection) {
      const { quota } = mounted.pge.utility.settings
      if (connection.utility.slug === 'pge' && quota)
        Object.assign(connection, { quota: { ...connection.quota, perHour: quota.perHour } })
      return connection
    },
    setClock(ms) {
      const iso = new Date(ms).toISOString()
      for (const slug of SLUGS) moveClock(mounted[slug].utility, mounted[slug].hooks, iso)
    },
    close: async () => void (await Promise.all(SLUGS.map((slug) => mounted[slug].close()))),
  }
}

function collecting(slug: Slug, letters: Letter[]): Notifier {
  return {
    sent: [],
    send: ({ resources, render }) => void letters.push({ slug, resources, body: render(resources) }),
    idle: () => Promise.resolve(),
    close: () => undefined,
  }
}

function renewUtility(utility: Utility, at: number, historyMonths: number): void {
  const { state, world } = utility
  const seconds = Math.floor(at / 1000)
  const today = dayOf(seconds)
  Object.assign(state, {
    ...{ clock: { at: seconds, offset: 0 }, originDay: today, lastPushDay: today, nextNumber: 1_000_000 },
    ...{ authorizations: {}, codes: {}, tokens: {}, deliveries: {} },
  })
  for (const changes of [state.corrections, state.rebills, state.moves, state.meterChanges]) changes.length = 0
  Object.assign(world, { originDay: today, historyMonths })
  world.households.clear()
  utility.faults.list.length = 0
  utility.requests = createRequestLog()
}
