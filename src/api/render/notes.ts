import type { ListedMeter } from '../../storage/list-meter-page.ts'
import { localTimes, platformTime } from './times.ts'

/** `{type, msg, ts, …}`; a client demands that msg and ts are never null. */
export type Note = { type: string; msg: string; ts: string } & Record<string, unknown>

/** Notes as stored, in the form and order of keys that clients read; what is no note is left out. */
export function renderNotes(stored: readonly unknown[], fallback: Date): Note[] {
  return stored.flatMap((note) => {
    if (typeof note !== 'object' || note === null || !('type' in note) || typeof note.type !== 'string') return []
    const { type, msg, ts, eta, ...rest }: Record<string, unknown> = { ...note }
    const told = { type: String(type), msg: typeof msg === 'string' ? msg : '', ts: timeOf(ts, fallback), ...rest }
    return [eta === undefined ? told : { ...told, eta: timeOf(eta, fallback) }]
  })
}

function timeOf(ts: unknown, fallback: Date): string {
  const date = typeof ts === 'string' ? new Date(ts) : fallback
  return platformTime(Number.isNaN(date.getTime()) ? fallback : date)
}

const REFUSED = 'The utility no longer accepts this authorization.'

/** What is over when the utility refuses access. */
const OF_ACCESS: ReadonlySet<string> = new Set(['access_valid', 'access_invalid', 'retrying', 'pending_manual'])

/** An authorization's notes: as stored, but access is told from its state. */
export function authorizationNotes(stored: readonly unknown[], state: string, ts: Date): Note[] {
  const notes = renderNotes(stored, ts)
  if (state !== 'needs_reauthorization') return notes
  const others = notes.filter(({ type }) => !OF_ACCESS.has(type))
  return [{ type: 'access_invalid', msg: REFUSED, ts: platformTime(ts) }, ...others]
}

/** A meter's notes: as stored, with the access of its authorization and its newest strange bill. */
export function meterNotes(meter: ListedMeter, zone: string): Note[] {
  const notes = authorizationNotes(meter.notes, meter.state, meter.statusTs)
  const strange = meter.strangeBill
  if (strange === null) return notes
  const date = strange.statementDate
  const bill = {
    type: 'bills_strange',
    msg: 'The lines of a bill do not work out. See the notes on the bill.',
    ts: timeOf(strange.updated, meter.statusTs),
    bill_note_type: 'audit_failed_on_line_items',
    bill_statement_date: date === null ? null : localTimes(zone)(date),
    bill_uid: strange.billUid,
  }
  return [...notes, bill]
}
