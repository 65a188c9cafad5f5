import type { Uid } from '../model/uid.ts'
import {
  readProgress,
  setAuthorizationStatus,
  setMeterNotes,
  settlePendingMeters,
} from '../storage/collection-status.ts'
import type { Tx } from '../storage/db.ts'
import { appendEvent, appendMeterEvents } from '../storage/events.ts'
import { noteRefusedProducts } from '../storage/refused-products.ts'
import { reconcileBills } from './reconcile-bills.ts'

/**
 * When nothing is owed any more, an authorization and its meters are `updated`, with the notes that clients look for, and
 * the company gets its event. Called in the transaction that closed a window; says nothing when nothing changed. bills: those
 * that it stored, which are compared with the readings also where nothing else is news.
 */
export async function finishUpdate(
  tx: Tx,
  authorizationUid: Uid,
  now: Date,
  bills: readonly Uid[] = [],
): Promise<void> {
  const progress = await readProgress(tx, authorizationUid)
  if (progress === null || progress.open > 0) return
  const aside = progress.aside > 0
  const status = aside ? 'errored' : 'updated'
  const message = aside ? 'Some data could not be collected.' : 'Data collected.'
  const isTold = progress.status === status && progress.message === message
  const isNews = !isTold && (await setAuthorizationStatus(tx, authorizationUid, { status, message, now }))
  const finished = progress.pendingMeters
    ? await settlePendingMeters(tx, authorizationUid, { status, message, now })
    : []
  if (!isNews && finished.length === 0) {
    if (bills.length > 0) await reconcileBills(tx, authorizationUid, { only: bills, now })
    return
  }
  await noteRefusedProducts(tx, authorizationUid, now)
  await setMeterNotes(tx, authorizationUid, now)
  await reconcileBills(tx, authorizationUid, { now })
  const outcome = aside ? 'errored' : 'successful'
  await appendMeterEvents(tx, authorizationUid, finished, {
    type: `meter_historical_collection_finished_${outcome}`,
    now,
  })
  if (isNews) await appendEvent(tx, { type: `authorization_update_finished_${outcome}`, authorizationUid, now })
}
