import { X509Certificate } from 'node:crypto'

/** Days before its end at which a certificate is spoken of: a new one from an authority and the utility takes weeks. */
export const EXPIRY_DAYS = [60, 30, 14, 7, 1] as const

const DAY_MS = 86_400_000

/** When the first certificate of a PEM ends (RFC 5280 notAfter); null: there is none, or it cannot be read. */
export function certificateExpiry(pem: string | null): Date | null {
  if (pem === null) return null
  try {
    return new X509Certificate(pem).validToDate
  } catch {
    return null
  }
}

/** Whole days left, below 0 once it has ended. */
export function daysLeft(expires: Date, now: Date): number {
  return Math.floor((expires.getTime() - now.getTime()) / DAY_MS)
}

/** The threshold that was passed last (60, 30, 14, 7, 1), 0 once it has ended, null while there is time. */
export function thresholdOf(expires: Date, now: Date): number | null {
  const left = (expires.getTime() - now.getTime()) / DAY_MS
  if (left <= 0) return 0
  return EXPIRY_DAYS.toReversed().find((days) => left <= days) ?? null
}
