import { offsetAt } from '../../units/local-days.ts'

const DAY = 86_400
const PADDED = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))

/** A moment of the platform: UTC, always six decimals, always a numeric offset (a Java client parses exactly this). */
export function platformTime(date: Date): string {
  return `${date.toISOString().slice(0, 23)}000+00:00`
}

export function platformTimeOrNull(date: Date | null): string | null {
  return date === null ? null : platformTime(date)
}

/**
 * Writes moments of one zone (epoch seconds) as local time with six decimals and the offset of that moment, so that
 * both 01:xx hours of an autumn night differ. Keeps the last date and offset: readings of a day cost arithmetic only.
 */
export function localTimes(zone: string): (epoch: number) => string {
  let [day, date] = [Number.NaN, '']
  let [offset, suffix] = [Number.NaN, '']
  return (epoch) => {
    const ahead = offsetAt(epoch, zone)
    if (ahead !== offset) [offset, suffix] = [ahead, offsetText(ahead)]
    const local = epoch + ahead
    const today = Math.floor(local / DAY)
    if (today !== day) [day, date] = [today, new Date(today * DAY * 1000).toISOString().slice(0, 10)]
    const second = local - today * DAY
    const hours = PADDED[Math.floor(second / 3600)]
    return `${date}T${hours}:${PADDED[Math.floor((second % 3600) / 60)]}:${PADDED[second % 60]}.000000${suffix}`
  }
}

function offsetText(seconds: number): string {
  const minutes = Math.round(Math.abs(seconds) / 60)
  return `${seconds < 0 ? '-' : '+'}${PADDED[Math.floor(minutes / 60)]}:${PADDED[minutes % 60]}`
}
