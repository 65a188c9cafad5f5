import type { Household } from './household.ts'

export type UtilityName = 'pge' | 'sce' | 'demo'

/** One day of one usage point sent again with other values and better quality. */
export type Correction = { usagePoint: string; day: number; permille: number; at: number }

/** One bill sent again with an adjustment line. */
export type Rebill = { usagePoint: string; periodStart: number; amountE5: number; at: number }

/** A customer who leaves a home: the open agreements end before `day`, others begin with it elsewhere. */
export type Move = { login: string; day: number }

/** From `day` on another meter measures; that day's noon is estimated. */
export type MeterChange = { usagePoint: string; day: number }

/**
 * What the data of a simulated utility are a function of. `originDay` is the local day of the first start: history
 * reaches back from it, and time only adds to what there is.
 */
export type World = {
  utility: UtilityName
  seed: number
  originDay: number
  historyMonths: number
  /** Data of local day D are published at the midnight that begins day D + lagDays. */
  readonly lagDays: number
  fleet: number
  corrections: Correction[]
  rebills: Rebill[]
  moves: Move[]
  meterChanges: MeterChange[]
  households: Map<string, Household>
}
