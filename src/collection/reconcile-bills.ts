import type { Bill } from '../model/bill.ts'
import type { Direction, Series } from '../model/series.ts'
import type { Uid } from '../model/uid.ts'
import { noteBill, readBills, type StoredBill } from '../storage/bills.ts'
import type { Tx } from '../storage/db.ts'
import { readSeries } from '../storage/series.ts'

/** Meters and bills round apart, and a bill's day may begin at the minute of the reading: within this share they agree. */
const TOLERANCE = 0.01

type Readings = Pick<Series, 'channel' | 'exponent' | 'start' | 'duration' | 'value'>

/**
 * Compares each bill of an authorization with its meter's intervals, where they cover the whole period, and notes a bill
 * whose volume is another than what the meter measured. A note, not a refusal: who is right is not ours to say.
 */
export async function reconcileBills(tx: Tx, authorizationUid: Uid, now: Date): Promise<void> {
  for (const [meterUid, bills] of Map.groupBy(await readBills(tx, authorizationUid), (bill) => bill.meterUid)) {
    const starts = bills.map(({ bill }) => bill.start)
    const ends = bills.map(({ bill }) => bill.end)
    const series = await readSeries(tx, authorizationUid, meterUid, {
      from: Math.min(...starts),
      to: Math.max(...ends),
    })
    for (const stored of bills) await noteDifference(tx, authorizationUid, { stored, series, now })
  }
}

async function noteDifference(
  tx: Tx,
  authorizationUid: Uid,
  { stored, series, now }: { stored: StoredBill; series: readonly Readings[]; now: Date },
): Promise<void> {
  const share = differenceOf(stored.bill, series)
  const others = stored.notes.filter((note) => !isOurs(note))
  const msg = 'The intervals of the period and the volume of the bill differ.'
  const ours = share !== null && share > TOLERANCE ? [{ type: 'strange', msg, ts: now.toISOString(), code: CODE }] : []
  if (ours.length !== stored.notes.length - others.length) {
    await noteBill(tx, authorizationUid, stored.billUid, [...others.filter((note) => note instanceof Object), ...ours])
  }
}

const CODE = 'intervals_differ_from_volume'

function isOurs(note: unknown): boolean {
  return typeof note === 'object' && note !== null && 'code' in note && note.code === CODE
}

/**
 * By which share of the bill's volume the intervals of its period differ: delivered minus received, as a net-metering bill
 * has it. null: the bill has no volume, or the intervals do not cover the period without a gap.
 */
export function differenceOf({ start, end, volume }: Bill, series: readonly Readings[]): number | null {
  if (volume === null || volume.value === 0) return null
  const of = (direction: Direction): Readings | undefined =>
    series.find(
      ({ channel }) =>
        channel.direction === direction && channel.unit === volume.unit && channel.quantified !== 'register',
    )
  const delivered = of('delivered')
  if (!delivered) return null
  const received = of('received')
  const sums = [delivered, ...(received ? [received] : [])].map((readings) => sumWithin(readings, start, end))
  const [plus, minus = 0] = sums
  if (plus === null || plus === undefined || minus === null) return null
  const billed = volume.value * 10 ** volume.exponent
  return Math.abs(plus - minus - billed) / Math.abs(billed)
}

/** The sum of the readings that lie in a period, in units; null when they leave any of it uncovered. */
function sumWithin({ start, duration, value, exponent }: Readings, from: number, to: number): number | null {
  let sum = 0
  let covered = 0
  for (let row = 0; row < start.length; row++) {
    const begins = start[row] ?? NaN
    const lasts = duration[row] ?? 0
    if (begins < from || begins + lasts > to) continue
    sum += value[row] ?? 0
    covered += lasts
  }
  return covered === to - from ? sum * 10 ** exponent : null
}
