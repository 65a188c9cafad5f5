import { offsetAt } from '../../units/local-days.ts'

export const TIME_BYTES = 32

/**
 * What all moments from `from` until before `until` have in common: the bytes of their local time but for the time of day,
 * `2026-07-01T00:00:00.000000-07:00`, and the moment from which that is counted.
 */
export type LocalDay = { from: number; until: number; midnight: number; pattern: Uint8Array }

const DAY = 86_400

/** The local day of a moment; of a day whose offset changes, that second alone. `text`: localTimes of the zone (times.ts). */
export function localDayOf(epoch: number, zone: string, text: (epoch: number) => string): LocalDay {
  const ahead = offsetAt(epoch, zone)
  const midnight = Math.floor((epoch + ahead) / DAY) * DAY - ahead
  const isSteady = [midnight, midnight + DAY / 2, midnight + DAY - 1].every((each) => offsetAt(each, zone) === ahead)
  const pattern = Buffer.from(text(epoch))
  return isSteady
    ? { from: midnight, until: midnight + DAY, midnight, pattern }
    : { from: epoch, until: epoch + 1, midnight, pattern }
}

/** Writes the time of day into a pattern that stands at a place. */
export function writeTimeOfDay(bytes: Uint8Array, at: number, seconds: number): void {
  const minutes = (seconds / 60) | 0
  const hours = (minutes / 60) | 0
  twoDigits(bytes, at + 11, hours)
  twoDigits(bytes, at + 14, minutes - hours * 60)
  twoDigits(bytes, at + 17, seconds - minutes * 60)
}

function twoDigits(bytes: Uint8Array, at: number, number: number): void {
  const tens = (number / 10) | 0
  bytes[at] = 0x30 + tens
  bytes[at + 1] = 0x30 + number - tens * 10
}
