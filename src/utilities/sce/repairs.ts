import type { Entry } from '../../espi/entry.ts'
import type { Repair } from '../repair.ts'
import { mapResources } from '../repair-entries.ts'

/** AccumulationKind delta: usage of each interval. */
const DELTA = 4

/**
 * One ReadingType comes twice under one address, as delta (4) and as continuous cumulative (2). The readings are delta: they
 * go up and down within a day (fixtures/two-reading-types.xml).
 */
export const sharedReadingTypes: Repair = {
  name: 'sharedReadingTypes',
  describe: 'A reading type came twice under one address; the one for usage of each interval was kept.',
  repair: (feed) => {
    const accumulation = (entry: Entry): number | null =>
      entry.content?.kind === 'ReadingType' ? entry.content.value.accumulationBehaviour : null
    const delta = new Set(
      feed.entries.flatMap((entry) => (accumulation(entry) === DELTA && entry.self !== null ? [entry.self] : [])),
    )
    const kept = feed.entries.filter(
      (entry) =>
        entry.content?.kind !== 'ReadingType' ||
        accumulation(entry) === DELTA ||
        entry.self === null ||
        !delta.has(entry.self),
    )
    return { feed: { ...feed, entries: kept }, changed: feed.entries.length - kept.length }
  },
}

/** Each reading has a cost of 0, which means that SCE computes none (fixtures/two-reading-types.xml). */
export const zeroCostsAreNone: Repair = {
  name: 'zeroCostsAreNone',
  describe: 'All readings had a cost of 0; they were taken as readings without cost.',
  repair: (feed) =>
    mapResources(feed, 'IntervalBlock', (readings) =>
      readings.cost !== null && readings.cost.every((cost) => cost === 0 || Number.isNaN(cost))
        ? { ...readings, cost: null }
        : readings,
    ),
}

/** The delivery point names a sample file where its tariff belongs (fixtures/two-reading-types.xml). */
export const placeholderTariffs: Repair = {
  name: 'placeholderTariffs',
  describe: 'A usage point named a sample file as its tariff; it was left out.',
  repair: (feed) =>
    mapResources(feed, 'UsagePoint', (value) => {
      const point = value.serviceDeliveryPoint
      if (point === null || !/\.xml$/i.test(point.tariffProfile ?? '')) return value
      return { ...value, serviceDeliveryPoint: { ...point, tariffProfile: null, name: null } }
    }),
}
