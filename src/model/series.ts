import type { Unit } from '../units/quantity.ts'

export type Commodity = 'electricity' | 'gas' | 'water' | 'steam' | 'heat' | 'other'

/** Delivered to the customer, received from the customer, net of both as the utility computed it, or not said. */
export type Direction = 'delivered' | 'received' | 'net' | 'none'

/** What is measured. `register` is a meter index: differences of it are usage, its values are not. */
export type Quantified = 'energy' | 'volume' | 'demand' | 'power' | 'register' | 'temperature' | 'other'

/**
 * One channel of a meter; channels are never added to each other. part: only where several physical meters report the same
 * thing at the same time under one agreement; the utility's name for the one.
 */
export type Channel = {
  commodity: Commodity
  direction: Direction
  quantified: Quantified
  unit: Unit
  part?: string
}

/** Stable text form of a channel, for keys: `electricity/delivered/energy/Wh`, with `/part` where there is one. */
export function channelKey({ commodity, direction, quantified, unit, part }: Channel): string {
  const key = `${commodity}/${direction}/${quantified}/${unit}`
  return part === undefined ? key : `${key}/${part}`
}

/**
 * Quality of a reading, by rank: a higher rank replaces a lower one, whatever came first.
 * The numbers are what blocks store; they only ever grow at the end.
 */
export const QUALITY = { unknown: 0, raw: 1, estimated: 2, edited: 3, validated: 4, revenue: 5 } as const

/**
 * Readings of one channel of one meter, in columns of one length, ascending by start, starts unique, gaps not filled.
 * start: epoch seconds UTC. duration: seconds. value: safe integers in `10 ** exponent` of the channel's unit.
 * quality: numbers of QUALITY. cost: 1e-5 of the currency, NaN where not given; null when no reading has one.
 * tou: the utility's time-of-use code, 0 where not given; null when no reading has one.
 */
export type Series = {
  usagePoint: string
  channel: Channel
  exponent: number
  start: Float64Array
  duration: Uint32Array
  value: Float64Array
  quality: Uint8Array
  cost: Float64Array | null
  tou: Uint8Array | null
  currency: string | null
}
