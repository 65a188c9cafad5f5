import type { Entry } from '../espi/entry.ts'

/** Whose data were asked for. */
export type OwnIds = { subscription: string; retailCustomer: string }

/** True for an entry whose address lies below another subscription or retail customer than the one that was asked for. */
export function isForeign({ self, up }: Entry, ids: OwnIds): boolean {
  const address = self ?? up ?? ''
  if (!address.includes('/Subscription/') && !address.includes('/RetailCustomer/')) return false
  const owners = [...address.matchAll(OWNER)]
  return owners.some(([, kind, id]) => id !== (kind === 'Subscription' ? ids.subscription : ids.retailCustomer))
}

const OWNER = /\/(Subscription|RetailCustomer)\/([^/?"<>\s]+)/g

/**
 * A look at bytes alone, for what cannot be parsed: true where they name another one. What is cut off at their end is not
 * judged: bytes that follow begin with the last `overlap(ids)` of those before.
 */
export function mentionsOther(body: Buffer, ids: OwnIds): boolean {
  return marksOf(ids).some(([mark, id]) => {
    const own = Buffer.from(id)
    const last = body.length - mark.length - own.length - 1
    for (let at = body.indexOf(mark); at >= 0 && at <= last; at = body.indexOf(mark, at + mark.length)) {
      const from = at + mark.length
      const next = body[from + own.length]
      // After our id a segment, a query or the address must end; anything else is a longer, other id.
      const ends = next === undefined || !/[\w.~-]/.test(String.fromCharCode(next))
      if (!(body.subarray(from, from + own.length).equals(own) && ends)) return true
    }
    return false
  })
}

export function overlap(ids: OwnIds): number {
  return Math.max(...marksOf(ids).map(([mark, id]) => mark.length + Buffer.byteLength(id) + 1))
}

const marksOf = (ids: OwnIds) =>
  [
    ['/Subscription/', ids.subscription],
    ['/RetailCustomer/', ids.retailCustomer],
  ] as const
