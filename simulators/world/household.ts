import type { TariffName } from './tariffs.ts'

/** What a service agreement measures. Values are exact integers: mWh for electricity, 1e-8 therm for gas. */
export type Agreement = {
  /** The usage point's id on the wire. */
  id: string
  /** The number a person sees on the bill. */
  name: string
  /** Names the sequence of noise behind the readings. */
  key: string
  account: string
  commodity: 'electricity' | 'gas'
  intervalLength: 900 | 3600 | 86_400
  solar: boolean
  load: 'home' | 'shop' | 'plant' | 'gas'
  tariff: TariffName
  supplier: string | null
  /** Some intervals are missing, some estimated (quality 8). */
  gaps: boolean
  estimates: boolean
  /** First local day with data, and the day after the last one (null: still open). */
  firstDay: number
  endDay: number | null
  /** Day of the month of the meter reading. */
  cycle: number
  street: { number: string; name: string }
  town: string
  zip: string
  /** The meter of today, and those before it with the first day of each. */
  meter: string
  meters: { from: number; meter: string }[]
  meterType: string
}

export type Household = {
  index: number
  login: string
  password: string
  name: string
  email: string
  phone: string
  about: string
  accounts: { number: string; agreements: Agreement[] }[]
}

export const agreementsOf = (household: Household): Agreement[] => household.accounts.flatMap((a) => a.agreements)

/** The meter of a local day. */
export const meterOn = (agreement: Agreement, day: number): string =>
  agreement.meters.findLast((m) => m.from <= day)?.meter ?? agreement.meter

/** Flow directions of an agreement: 1 delivered to the customer, 19 received from it. */
export const flowsOf = (agreement: Agreement): (1 | 19)[] => (agreement.solar ? [1, 19] : [1])
