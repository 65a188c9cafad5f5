import type { RateLimit } from '../api/rate-limiter.ts'
import type { PageTools } from '../pages/page-tools.ts'
import type { Db, Tx } from '../storage/db.ts'
import type { Utility } from '../utilities/contract.ts'

/** What the Green Button face needs from the rest of the program. */
export type CustodianDeps = {
  db: Db
  now: () => Date
  random: (bytes: number) => Uint8Array
  utilityOf: (id: string) => Utility | null
  utilityBySlug: (slug: string) => Utility | null
  /** Rings for the mails that were queued in this transaction. */
  ringMails: (tx: Tx) => Promise<void>
  /** Of one client, at tokens and resources together. */
  rateLimit: RateLimit
  config: { publicUrl: string; operatorName: string; operatorEmail: string; secureCookies: boolean }
}

/** The same, for what shows pages. */
export type PagedDeps = CustodianDeps & { tools: PageTools }

/** The address of all resources; links between them begin with it. */
export function resourceBase({ config }: { config: { publicUrl: string } }): string {
  return `${config.publicUrl}/DataCustodian/espi/1_1/resource`
}
