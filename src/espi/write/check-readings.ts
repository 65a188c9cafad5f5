import type { ColumnName, Readings } from '../readings.ts'
import { amount, code, type Field, moment, seconds, short } from './fields.ts'

/**
 * Throws RangeError, with the name of the column or field, for readings that the schemas cannot hold: fractions and numbers
 * beyond the type of their element, a start without a duration or the other way round, a multiplier on a reading, a unit or
 * currency in a block (both stand in the ReadingType), rows that belong to no block.
 */
export function checkReadings(readings: Readings): void {
  const { start, duration, multiplier, odd } = readings
  checkBlocks(readings)
  if (odd.value.size > 0) throw refuse('value', 'whole numbers')
  if (odd.cost.size > 0) throw refuse('cost', 'whole numbers')
  if (multiplier !== null && multiplier.some((value) => !Number.isNaN(value)))
    throw new RangeError('IntervalReading.powerOfTenMultiplier: a multiplier stands in the ReadingType')
  for (const [name, field] of COLUMN_TYPES) checkColumn(readings, name, field)
  for (let row = 0; row < readings.count; row++) {
    if (Number.isNaN(start[row]) !== Number.isNaN(duration[row]))
      throw new RangeError('IntervalReading.timePeriod takes a start and a duration, or neither')
  }
}

const COLUMN_TYPES: [ColumnName, Field][] = [
  ['start', moment],
  ['duration', seconds],
  ['value', amount],
  ['cost', amount],
  ['quality', code],
  ['tier', short],
  ['tou', short],
  ['cpp', short],
]

function checkColumn(readings: Readings, name: ColumnName, { leaf }: Field): void {
  const column = readings[name]
  if (column === null) return
  if (column.length !== readings.count) throw new RangeError(`${name} has not as many rows as there are readings`)
  const [least, most] = leaf?.type === 'integer' ? [leaf.least, leaf.most] : [0, 0]
  for (let row = 0; row < column.length; row++) {
    const value = column[row] ?? NaN
    if (Number.isNaN(value)) continue
    if (!(value >= least && value <= most && Math.floor(value) === value))
      throw refuse(name, `whole numbers from ${least} to ${most}`)
  }
}

function checkBlocks({ blocks, count }: Readings): void {
  let next = 0
  for (const { start, duration, uom, currency, from, to } of blocks) {
    if ((start === null) !== (duration === null))
      throw new RangeError('IntervalBlock.interval takes a start and a duration, or neither')
    if (!inRange(start, moment) || !inRange(duration, seconds))
      throw new RangeError('IntervalBlock.interval takes a start of whole seconds and a duration of 32 bits')
    if (uom !== null || currency !== null)
      throw new RangeError('IntervalBlock.interval: unit and currency stand in the ReadingType')
    if (from !== next || to < from) throw new RangeError('IntervalBlock: blocks take rows one after another')
    next = to
  }
  if (blocks.length === 0) throw new RangeError('IntervalBlock: an entry holds one block or more')
  if (next !== count) throw new RangeError('IntervalBlock: every row belongs to a block')
}

const inRange = (value: number | null, { leaf }: Field): boolean =>
  value === null || (leaf?.type === 'integer' && Number.isInteger(value) && value >= leaf.least && value <= leaf.most)

const refuse = (name: string, takes: string): RangeError => new RangeError(`IntervalReading.${name} takes ${takes}`)
