import type { WireFeed } from '../espi/entry.ts'

/**
 * Mends one known fault of one utility, from wire to wire. changed: how many resources or readings it touched, for the feed's
 * warnings. A repair changes nothing in a feed without the fault, and nothing more when it runs twice. It sees the feed with its
 * readings put aside, and then the readings of one MeterReading after another (decode.ts).
 */
export type Repair = {
  name: string
  describe: string
  repair: (feed: WireFeed) => { feed: WireFeed; changed: number }
}
