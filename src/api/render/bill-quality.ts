import type { ListedBill } from '../../storage/list-bill-page.ts'
import { positionOf } from '../../storage/merge-columns.ts'
import { sumOf } from '../../storage/series-sums.ts'
import { addExact, type Exact } from '../../units/exact.ts'
import { channelNumber } from './channel.ts'
import { share, type WholeChannel } from './channel-quality.ts'
import { moneyNumber, moneyOrNull } from './decimals.ts'
import { localTimes } from './times.ts'
import { apiQuantity } from './units.ts'

/** A bill against the readings of its period, and its line items against its total. */
export function renderBillQuality({ billUid, facts }: ListedBill, channels: readonly WholeChannel[], zone: string) {
  const local = localTimes(zone)
  const { start, end, volume, total } = facts
  const delivered = channels.find(
    ({ channel }) => channel.direction === 'delivered' && channel.part === undefined && channel.unit === volume?.unit,
  )
  const costs = facts.lines.flatMap(({ amount }) => amount ?? [])
  const charged = costs.length === 0 ? null : costs.reduce((sum, cost) => sum + cost, 0)
  const counted = delivered ? sumWithin(delivered, start, end) : null
  const billed = volume === null ? null : { digits: BigInt(volume.value), exponent: volume.exponent }
  const number = (exact: Exact | null) => (delivered && exact ? channelNumber(exact, delivered.channel) : null)
  return {
    bill_uid: billUid,
    start: local(start),
    end: local(end),
    unit: volume === null ? null : apiQuantity(volume).unit,
    bill_volume: volume === null ? null : apiQuantity(volume).volume,
    interval_volume: number(counted),
    difference: number(counted && billed && addExact(counted, { ...billed, digits: -billed.digits })),
    covered_share: delivered ? share(delivered.covered, [start, end]) : null,
    bill_total: moneyOrNull(total),
    line_items_total: charged === null ? null : moneyNumber(charged),
    line_items_add_up: charged === null || total === null ? null : charged === total,
  }
}

/** The readings that start in a period; null: there is none. */
function sumWithin({ blocks }: WholeChannel, from: number, until: number): Exact | null {
  return blocks.reduce<Exact | null>((sum, { columns: { start, value, exponent } }) => {
    const [first, last] = [positionOf(start, from), positionOf(start, until)]
    if (first === last) return sum
    const part = { digits: sumOf(value, first, last), exponent }
    return sum === null ? part : addExact(sum, part)
  }, null)
}
