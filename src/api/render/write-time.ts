import { offsetAt } from '../../units/local-days.ts'
import { localTimes } from './times.ts'

/** Writes moments of one zone as 32 bytes: `2026-07-01T00:30:00.000000-07:00`. */
export type TimeWriter = {
  /**
   * Writes at a place. `there` is the day that a copied row already has there (what the last call for this place returned, or
   * NaN): where the day is the same, the time of day alone is written. Returns the day.
   */
  write(bytes: Uint8Array, at: number, epoch: number, there: number): number
}

export const TIME_BYTES = 32

const DAY = 86_400
/** Offsets are looked up at both ends of six hours: where they are equal, they hold between. */
const STRETCH = 21_600

/** The byte form of localTimes (times.ts), for rows of readings. */
export function timeWriter(zone: string): TimeWriter {
  const text = localTimes(zone)
  let [stretch, offset] = [Number.NaN, Number.NaN]
  let isSteady = false
  let day = Number.NaN
  const pattern = new Uint8Array(TIME_BYTES)
  return {
    write(bytes, at, epoch, there) {
      const now = Math.floor(epoch / STRETCH)
      if (now !== stretch) {
        stretch = now
        offset = offsetAt(now * STRETCH, zone)
        isSteady = offset === offsetAt((now + 1) * STRETCH, zone)
      }
      const ahead = isSteady ? offset : offsetAt(epoch, zone)
      const local = epoch + ahead
      const date = Math.floor(local / DAY)
      // A day with another offset is another pattern; offsets are less than two days.
      const today = date * 4 * DAY + ahead
      if (today !== day) {
        day = today
        Buffer.from(text(epoch)).copy(pattern)
      }
      if (there !== today) bytes.set(pattern, at)
      const second = local - date * DAY
      const minute = (second / 60) | 0
      twoDigits(bytes, at + 11, (minute / 60) | 0)
      twoDigits(bytes, at + 14, minute % 60)
      twoDigits(bytes, at + 17, second % 60)
      return today
    },
  }
}

function twoDigits(bytes: Uint8Array, at: number, number: number): void {
  const tens = (number / 10) | 0
  bytes[at] = 0x30 + tens
  bytes[at + 1] = 0x30 + (number - tens * 10)
}
