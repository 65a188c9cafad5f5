import type { Channel } from '../../model/series.ts'
import { type Exact, toUnits } from '../../units/exact.ts'
import { toNumber } from './decimals.ts'
import { apiUnit, quotientText } from './units.ts'

/** A channel as API v3 names it. */
export function renderChannel({ commodity, direction, quantified, unit, part }: Channel) {
  return { commodity, direction, quantity: quantified, unit: apiUnit(unit).name, part: part ?? null }
}

/** An exact number of a channel's unit, in the API's unit. */
export function channelNumber({ digits, exponent }: Exact, { unit }: Channel): number {
  const { shift, divisor } = apiUnit(unit)
  if (divisor === undefined) return toNumber({ digits, exponent: exponent + shift })
  const whole = toUnits({ digits, exponent }, exponent)
  return Number(quotientText(whole?.value ?? Number(digits), exponent, divisor))
}
