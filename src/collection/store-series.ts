import { type FoldedSeries, OPEN_BYTES, unfoldSeries } from '../model/folded-series.ts'
import type { Series } from '../model/series.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from '../storage/db.ts'
import { mergeManySeries, type MergeOptions, READINGS_AT_ONCE } from '../storage/merge-many-series.ts'
import { createRoom, emptyRoom } from '../units/folded-column.ts'
import { bridgeRegisters } from './bridge-registers.ts'
import { dropFuture } from './drop-future.ts'

type Told = { meterUid: Uid; series: Series | FoldedSeries }

/** readings: that are new or changed. outside: before the reach of consent, or still to come. gained: meters that have new ones. */
export type StoredSeries = { readings: number; outside: number; gained: Set<Uid> }

/**
 * Stores series of one authorization, some meters at a time, with the usage that follows from their indexes. Of series that were
 * put aside only those of these meters are open at a time, in memory that the next ones use again. Throws ConsentEnded.
 */
export async function storeSeries(
  tx: Tx,
  authorizationUid: Uid,
  told: readonly Told[],
  options: MergeOptions,
): Promise<StoredSeries> {
  const stored: StoredSeries = { readings: 0, outside: 0, gained: new Set() }
  const room = createRoom()
  for (const some of batchesOf(told)) {
    emptyRoom(room, OPEN_BYTES * readingsOf(some))
    const opened = some.map(({ meterUid, series }) => {
      const past = dropFuture(unfoldSeries(series, room), options.now)
      stored.outside += past.dropped
      return { meterUid, series: past.series }
    })
    const merges = await mergeManySeries(tx, authorizationUid, opened, options)
    const bridges = await bridgeRegisters(tx, authorizationUid, opened)
    if (bridges.length > 0) merges.push(...(await mergeManySeries(tx, authorizationUid, bridges, options)))
    const places = [...opened, ...bridges]
    for (const [at, { added, changed, outside }] of merges.entries()) {
      stored.readings += added + changed
      stored.outside += outside
      const meterUid = places[at]?.meterUid
      if (meterUid !== undefined && added + changed > 0) stored.gained.add(meterUid)
    }
  }
  return stored
}

/** Series in batches, a statement's worth each; what is told of one meter stays together, since its channels say together what was measured. */
function batchesOf(told: readonly Told[]): Told[][] {
  const batches: Told[][] = []
  let room = 0
  for (const ofMeter of Map.groupBy(told, ({ meterUid }) => meterUid).values()) {
    const readings = readingsOf(ofMeter)
    const last = batches.at(-1)
    if (last && readings <= room) last.push(...ofMeter)
    else {
      batches.push(ofMeter)
      room = READINGS_AT_ONCE
    }
    room -= readings
  }
  return batches
}

function readingsOf(told: readonly Told[]): number {
  return told.reduce((sum, { series }) => sum + ('folded' in series ? series.length : series.start.length), 0)
}
