import type { EpochSeconds } from '../units/epoch-seconds.ts'
import type { Bill } from './bill.ts'
import type { MeterFacts } from './meter.ts'
import type { FoldedSeries } from './folded-series.ts'
import type { Series } from './series.ts'

/** A thing worth telling a person about a feed: a stable code, how often, and a sentence. No customer data in it. */
export type Warning = { code: string; count: number; message: string }

/** The customer's billing account, as a feed tells it. */
export type BillingAccountFacts = {
  accountNumber: string
  billingContact: string | null
  billingAddress: string | null
  usagePoints: string[]
}

/**
 * Everything one feed of one authorization says, in our words. Pure data: storing it twice changes nothing.
 * usagePoints: keys of all usage points that the feed names, in order of appearance. S: series as they are, or put aside.
 */
export type DecodedFeed<S = Series> = {
  meters: MeterFacts[]
  series: S[]
  bills: Bill[]
  billingAccounts: BillingAccountFacts[]
  warnings: Warning[]
  /** Entries that were left out, with the reason; the good ones of the feed survive. */
  quarantined: { href: string | null; code: string; message: string }[]
  updated: EpochSeconds | null
}

/** A feed for those who take its series one at a time. */
export type StorableFeed = DecodedFeed<Series | FoldedSeries>
