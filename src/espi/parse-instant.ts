import { type EpochSeconds, epochSeconds } from '../units/epoch-seconds.ts'

const INSTANT = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([Zz]|[+-]\d{2}:?\d{2})?)?$/

/**
 * An Atom date (RFC 3339) as a moment, in whole seconds; null when it is none. What utilities leave out is read as UTC: the
 * zone (SCE), the time of day (a gas utility).
 */
export function parseInstant(text: string): EpochSeconds | null {
  if (text === lastText) return lastMoment
  lastText = text
  lastMoment = readInstant(text)
  return lastMoment
}

/** The entries of a feed are mostly of one moment. */
let lastText = ''
let lastMoment: EpochSeconds | null = null

function readInstant(text: string): EpochSeconds | null {
  const found = INSTANT.exec(text.trim())
  if (found === null) return null
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0))
  const ms = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second)
  if ((month ?? 0) < 1 || (month ?? 0) > 12 || (day ?? 0) < 1 || (day ?? 0) > 31) return null
  return epochSeconds(ms / 1000 - offsetSeconds(found[7]))
}

function offsetSeconds(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0
  const digits = zone.replace(':', '')
  const seconds = Number(digits.slice(1, 3)) * 3600 + Number(digits.slice(3, 5)) * 60
  return zone.startsWith('-') ? -seconds : seconds
}
