import { dateOf } from './local-days.ts'

/** Codes of A11 as PG&E numbers them; the other utilities only use them to price energy. */
export const touNames: Readonly<Record<number, { short: string; name: string }>> = {
  1: { short: 'SPK', name: 'Summer Peak' },
  2: { short: 'SOP', name: 'Summer Off Peak' },
  3: { short: 'SPP', name: 'Summer Partial Peak' },
  4: { short: 'WPK', name: 'Winter Peak' },
  5: { short: 'WPP', name: 'Winter Partial Peak' },
  6: { short: 'WOP', name: 'Winter Off Peak' },
  7: { short: 'MPK', name: 'Spring Peak' },
  8: { short: 'MOP', name: 'Spring Off Peak' },
  9: { short: 'MXO', name: 'Spring Super Off Peak' },
  10: { short: 'WSO', name: 'Winter Super Off Peak' },
}

/** Costs are in hundred-thousandths of a dollar per kWh, therm, kW or day. Invented numbers of a plausible size. */
export type Tariff = {
  profile: string
  schedule: 'residential' | 'commercial' | 'gas'
  energy: Readonly<Record<number, number>>
  baseline: { perDay: number; credit: number } | null
  demand: number | null
  daily: number
  commissionTax: number
  userTaxPermille: number
  climateCredit: number
  /** With a community choice aggregator generation is billed by somebody else, at this cost. */
  generation: number | null
}

const residential = { 1: 55_100, 2: 42_300, 4: 47_900, 6: 39_800 }
const commercial = { 1: 39_874, 2: 24_655, 3: 29_112, 4: 28_040, 6: 22_390, 7: 27_455, 8: 22_010, 9: 17_320 }

export const tariffs = {
  home: tariff({ profile: 'HETOUC', energy: residential, baseline: { perDay: 9_800_000, credit: 8_412 } }),
  solar: tariff({ profile: 'HEV2A', energy: { ...residential, 1: 62_355 }, daily: 49_281 }),
  shop: tariff({
    profile: 'HB10SX',
    schedule: 'commercial',
    energy: commercial,
    demand: 1_487_000,
    daily: 1_131_540,
    generation: 11_240,
  }),
  plant: tariff({ profile: 'LGS3', schedule: 'commercial', energy: commercial, demand: 1_890_000, daily: 1_871_000 }),
  gas: tariff({ profile: 'GG1XX', schedule: 'gas', energy: { 0: 211_345 }, daily: 13_151, climateCredit: 0 }),
  sceHome: tariff({ profile: 'TOU-D-4-9PM', energy: residential, daily: 3_100 }),
  sceSolar: tariff({ profile: 'TOU-D-PRIME', energy: residential, daily: 52_000 }),
  sceShop: tariff({
    profile: 'TOU-GS-1-A',
    schedule: 'commercial',
    energy: commercial,
    demand: 980_000,
    daily: 61_000,
  }),
} satisfies Record<string, Tariff>

export type TariffName = keyof typeof tariffs

function tariff(differences: Partial<Tariff> & Pick<Tariff, 'profile' | 'energy'>): Tariff {
  return {
    schedule: 'residential',
    baseline: null,
    demand: null,
    daily: 0,
    commissionTax: 30,
    userTaxPermille: 24,
    climateCredit: 5_523_000,
    generation: null,
    ...differences,
  }
}

/** Time-of-use code of the interval that starts at that minute of the wall clock; 0 for gas. */
export const touOf = (schedule: Tariff['schedule'], day: number, minute: number): number => {
  if (schedule === 'gas') return 0
  const { month, weekday } = dateOf(day)
  const hour = Math.floor(minute / 60)
  const peak = hour >= 16 && hour < 21
  const summer = month >= 6 && month <= 9
  if (schedule === 'residential') {
    if (summer) return peak ? 1 : 2
    return peak && weekday >= 1 && weekday <= 5 ? 4 : 6
  }
  if (summer) return peak ? 1 : (hour >= 14 && hour < 16) || (hour >= 21 && hour < 23) ? 3 : 2
  if (month >= 3 && month <= 5) return peak ? 7 : hour >= 9 && hour < 14 ? 9 : 8
  return peak ? 4 : 6
}
