import type { Uid } from '../model/uid.ts'
import { noteDelay } from '../storage/collection-status.ts'
import type { Tx } from '../storage/db.ts'
import { appendEvent, appendMeterEvents } from '../storage/events.ts'

const DELAYS = {
  retrying: { event: 'retrying', msg: 'The utility does not answer as it should. It is asked again.' },
  pending_manual: { event: 'delayed', msg: 'The utility has promised data and has not sent them yet.' },
} as const

/**
 * Tells once in a collection, by note and event, that it takes longer: tried again (`retrying`), or promised by the utility
 * and not sent (`pending_manual`). eta: of the next try. What ends the collection takes the note away.
 */
export async function tellDelay(
  tx: Tx,
  authorizationUid: Uid,
  { type, eta, now }: { type: keyof typeof DELAYS; eta: Date; now: Date },
): Promise<void> {
  const { event, msg } = DELAYS[type]
  const meters = await noteDelay(tx, authorizationUid, { type, msg, eta, now })
  if (meters === null) return
  await appendEvent(tx, { type: `authorization_update_${event}`, authorizationUid, now })
  await appendMeterEvents(tx, authorizationUid, meters, { type: `meter_historical_collection_${event}`, now })
}
