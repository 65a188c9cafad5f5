import type { Bill } from '../model/bill.ts'
import { channelKey, type Direction } from '../model/series.ts'
import type { Uid } from '../model/uid.ts'
import { noteBills, readBills, type StoredBill } from '../storage/bills.ts'
import type { Tx } from '../storage/db.ts'
import { positionOf } from '../storage/merge-columns.ts'
import { readForSums, type Summed } from '../storage/series-sums.ts'

/** Meters and bills round apart, and a bill's day may begin at the minute of the reading: within this share they agree. */
const TOLERANCE = 0.01

/**
 * Compares bills of an authorization, all or those named, with their meters' intervals, where they cover the whole period, and
 * notes a bill whose volume is another than what the meter measured. A note, not a refusal: who is right is not ours to say.
 * Three statements, however many there are.
 */
export async function reconcileBills(
  tx: Tx,
  authorizationUid: Uid,
  { only = null, now }: { only?: readonly Uid[] | null; now: Date },
): Promise<void> {
  const chosen = only && new Set(only)
  const bills = (await readBills(tx, authorizationUid)).filter(({ billUid }) => chosen?.has(billUid) ?? true)
  const measurable = bills.filter(({ bill }) => isMeasurable(bill))
  const periods = measurable.map(({ meterUid, bill }) => ({ meterUid, from: bill.start, to: bill.end }))
  const measured = periods.length === 0 ? new Map<Uid, Summed[]>() : await readForSums(tx, authorizationUid, periods)
  const noted = bills.flatMap((stored) => {
    const notes = notesOf(stored, measured.get(stored.meterUid) ?? [], now)
    return notes === null ? [] : [{ billUid: stored.billUid, notes }]
  })
  await noteBills(tx, authorizationUid, noted)
}

/** The notes of a bill after the comparison; null: as they are. */
function notesOf(stored: StoredBill, series: readonly Summed[], now: Date): object[] | null {
  const share = differenceOf(stored.bill, series)
  const others = stored.notes.filter((note) => !isOurs(note))
  const msg = 'The intervals of the period and the volume of the bill differ.'
  const ours = share !== null && share > TOLERANCE ? [{ type: 'strange', msg, ts: now.toISOString(), code: CODE }] : []
  if (ours.length === stored.notes.length - others.length) return null
  return [...others.filter((note) => note instanceof Object), ...ours]
}

const CODE = 'intervals_differ_from_volume'

function isOurs(note: unknown): boolean {
  return typeof note === 'object' && note !== null && 'code' in note && note.code === CODE
}

const isMeasurable = ({ volume }: Bill): boolean => volume !== null && volume.value !== 0

/**
 * By which share of the bill's volume the intervals of its period differ: delivered minus received, as a net-metering bill
 * has it. A channel may come in parts. null: the bill has no volume, or the intervals do not cover the period without a gap.
 */
export function differenceOf(bill: Bill, series: readonly Summed[]): number | null {
  const { start, end, volume } = bill
  if (volume === null || !isMeasurable(bill)) return null
  const of = (direction: Direction): Summed[] => {
    const fits = ({ channel }: Summed): boolean =>
      channel.direction === direction && channel.unit === volume.unit && channel.quantified !== 'register'
    const key = series.find(fits)?.channel
    return key === undefined ? [] : series.filter(({ channel }) => channelKey(channel) === channelKey(key))
  }
  const [delivered, received] = [of('delivered'), of('received')]
  const plus = sumWithin(delivered, start, end)
  const minus = received.length === 0 ? 0 : sumWithin(received, start, end)
  if (plus === null || minus === null) return null
  const billed = volume.value * 10 ** volume.exponent
  return Math.abs(plus - minus - billed) / Math.abs(billed)
}

/** The sum of the readings that lie in a period, in units; null when they leave any of it uncovered. */
function sumWithin(parts: readonly Summed[], from: number, to: number): number | null {
  let sum = 0
  let covered = 0
  for (const { start, duration, value, exponent } of parts) {
    let digits = 0
    for (let row = positionOf(start, from); row < start.length; row++) {
      const begins = start[row] ?? NaN
      if (begins >= to) break
      const lasts = duration[row] ?? 0
      if (begins + lasts > to) continue
      digits += value[row] ?? 0
      covered += lasts
    }
    sum += digits * 10 ** exponent
  }
  return covered === to - from ? sum : null
}
