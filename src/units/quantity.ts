/** An exact quantity: `value * 10 ** exponent` of a unit; value is a safe integer. 0.55 kWh is {550000, -3, 'Wh'}. */
export type Quantity = { value: number; exponent: number; unit: Unit }

/** Units a product can carry; the names are the ones that people in the field read. */
export type Unit =
  | 'Wh'
  | 'VAh'
  | 'VArh'
  | 'W'
  | 'VA'
  | 'VAr'
  | 'therm'
  | 'BTU'
  | 'J'
  | 'm3'
  | 'ft3'
  | 'gal'
  | 'imperial_gal'
  | 'L'
  | 'K'
  | 'degC'
  | 'V'
  | 'A'
  | 'Ah'
  | 'Hz'
  | 'power_factor'
  | 's'
  | 'count'
  | 'none'
