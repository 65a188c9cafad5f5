import type { Entry } from '../espi/entry.ts'
import { parseBytes } from '../espi/parse.ts'
import { sliceFeed } from '../espi/slice-feed.ts'

/** The customer's own part of a feed, and how many entries of others stood in it. */
export type OwnPart = { bytes: Uint8Array; foreign: number }

/**
 * Leaves out the entries of a feed whose addresses lie below another subscription or retail customer than the one that
 * was asked for: whatever the utility did there, it is not ours to keep. Byte for byte otherwise.
 */
export function dropForeign(bytes: Uint8Array, ids: { subscription: string; retailCustomer: string }): OwnPart {
  if (!mentionsOther(bytes, ids)) return { bytes, foreign: 0 }
  const isForeign = ({ self, up }: Entry): boolean => {
    const owners = [...(self ?? up ?? '').matchAll(OWNER)]
    return owners.some(([, kind, id]) => id !== (kind === 'Subscription' ? ids.subscription : ids.retailCustomer))
  }
  const foreign = parseBytes(bytes).entries.filter(isForeign).length
  return foreign === 0 ? { bytes, foreign } : { bytes: sliceFeed(bytes, (entry) => !isForeign(entry)), foreign }
}

const OWNER = /\/(Subscription|RetailCustomer)\/([^/?"<>\s]+)/g

/** A look at the bytes alone, since nearly every feed has only its own ids in it. */
function mentionsOther(bytes: Uint8Array, ids: { subscription: string; retailCustomer: string }): boolean {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return (
    [
      ['/Subscription/', ids.subscription],
      ['/RetailCustomer/', ids.retailCustomer],
    ] as const
  ).some(([mark, id]) => {
    const own = Buffer.from(id)
    for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length)) {
      const from = at + mark.length
      const next = body[from + own.length]
      // After our id a segment, a query or the address must end; anything else is a longer, other id.
      const ends = next === undefined || !/[\w.~-]/.test(String.fromCharCode(next))
      if (!(body.subarray(from, from + own.length).equals(own) && ends)) return true
    }
    return false
  })
}
