import type { ColumnName, Readings } from '../readings.ts'
import { type ByteWriter, writeBytes, writeInteger, writeMarkup } from './byte-writer.ts'

const encode = (markup: string): Uint8Array => new TextEncoder().encode(markup)

const READING = encode('<IntervalReading>')
const END_READING = encode('</IntervalReading>')
const COST = [encode('<cost>'), encode('</cost>')] as const
const QUALITY = [encode('<ReadingQuality><quality>'), encode('</quality></ReadingQuality>')] as const
const DURATION = [encode('<timePeriod><duration>'), encode('</duration>')] as const
const START = [encode('<start>'), encode('</start></timePeriod>')] as const
const VALUE = [encode('<value>'), encode('</value>')] as const
const TIER = [encode('<consumptionTier>'), encode('</consumptionTier>')] as const
const TOU = [encode('<tou>'), encode('</tou>')] as const
const CPP = [encode('<cpp>'), encode('</cpp>')] as const

/**
 * Writes the IntervalBlocks of one entry from columns, each with its period and its readings.
 * Throws RangeError for what ESPI cannot say: fractions, a start without a duration, a multiplier on a reading.
 * Source: espi.xsd 4.0, types IntervalBlock and IntervalReading.
 */
export function writeReadings(writer: ByteWriter, readings: Readings): void {
  if (readings.odd.value.size > 0 || readings.odd.cost.size > 0) throw new RangeError('ESPI has whole numbers only')
  if (readings.multiplier !== null) throw new RangeError('the multiplier stands in the ReadingType')
  for (const { start, duration, from, to } of readings.blocks) {
    writeMarkup(writer, '<IntervalBlock xmlns="http://naesb.org/espi">')
    if (start !== null && duration !== null) {
      writeMarkup(writer, `<interval><duration>${duration}</duration><start>${start}</start></interval>`)
    }
    for (let row = from; row < to; row++) writeRow(writer, readings, row)
    writeMarkup(writer, '</IntervalBlock>')
  }
}

function writeRow(writer: ByteWriter, readings: Readings, row: number): void {
  writeBytes(writer, READING)
  writeColumn(writer, readings, row, 'cost', COST)
  writeColumn(writer, readings, row, 'quality', QUALITY)
  if (!Number.isNaN(readings.start[row] ?? NaN)) {
    if (Number.isNaN(readings.duration[row] ?? NaN)) throw new RangeError('a reading has a start and no duration')
    writeColumn(writer, readings, row, 'duration', DURATION)
    writeColumn(writer, readings, row, 'start', START)
  }
  writeColumn(writer, readings, row, 'value', VALUE)
  writeColumn(writer, readings, row, 'tier', TIER)
  writeColumn(writer, readings, row, 'tou', TOU)
  writeColumn(writer, readings, row, 'cpp', CPP)
  writeBytes(writer, END_READING)
}

type Tags = readonly [Uint8Array, Uint8Array]

// oxlint-disable-next-line max-params -- the hot path makes no object
function writeColumn(writer: ByteWriter, readings: Readings, row: number, name: ColumnName, [open, close]: Tags): void {
  const value = readings[name]?.[row]
  if (value === undefined || Number.isNaN(value)) return
  writeBytes(writer, open)
  writeInteger(writer, value)
  writeBytes(writer, close)
}
