import type { Bill } from '../src/model/bill.ts'
import type { Uid } from '../src/model/uid.ts'
import { currencyE5 } from '../src/units/currency-e5.ts'
import { epochSeconds } from '../src/units/epoch-seconds.ts'
import { addBills, addMeter, addReadings, type Fixture, sampleBill } from './api-fixture.ts'

const DAY = 86_400
const unsaid = { supplier_service_id: null, supplier_tariff: null }

const line = (
  name: string,
  amount: number | null,
  more: Partial<Bill['lines'][number]> = {},
): Bill['lines'][number] => ({
  ...{ name, kind: 'other', itemKind: 5, quantity: null, unitCost: null, start: null, end: null },
  amount: amount === null ? null : currencyE5(amount),
  ...more,
})

/** A bill as a feed makes it: what stands in groups stands in its lines too. */
const bill: Partial<Bill> = {
  tariff: 'E-19 <secondary> & more',
  lines: [
    line('Peak energy', 15_000_000, {
      kind: 'supply',
      itemKind: 1,
      quantity: { value: 500, exponent: 3, unit: 'Wh' },
      unitCost: currencyE5(30_000),
      start: sampleBill.start,
      end: epochSeconds(sampleBill.start + 10 * DAY),
    }),
    line('State tax', 4_478_000),
    line('Baseline allowance', null, { itemKind: 10, quantity: { value: 327_000_000, exponent: -3, unit: 'Wh' } }),
  ],
  tou: [
    {
      name: 'Peak energy',
      bucket: 'peak',
      cost: currencyE5(15_000_000),
      quantity: { value: 500, exponent: 3, unit: 'Wh' },
    },
  ],
  tiers: [
    { name: 'Baseline allowance', level: 1, cost: null, quantity: { value: 327_000_000, exponent: -3, unit: 'Wh' } },
  ],
  quality: 17,
}

/**
 * A meter with what exports have to carry: two directions and a demand over an autumn night, months of different multipliers, odd and
 * missing readings, qualities that differ, and two bills.
 */
export async function addGreenButtonMeter(api: Fixture, authorizationUid: Uid): Promise<Uid> {
  const meter = await addMeter(api, authorizationUid, {
    ...{ usagePoint: 'green', serviceTariff: 'E-19', status: 'active' },
    suppliers: [{ ...unsaid, supplier_type: 'cca', supplier_name: 'Bay Clean Power' }],
  })
  const place: [Uid, Uid] = [authorizationUid, meter]
  const values = (count: number) =>
    Array.from({ length: count }, (_, at) => (at % 13 === 7 ? null : (at * 7919) % 4001))
  const autumn = '2026-10-30T07:00:00Z'
  await addReadings(api, place, { start: autumn, values: values(400), quality: 5 })
  await addReadings(api, place, { start: autumn, values: values(400), channel: { direction: 'received' }, quality: 0 })
  await addReadings(api, place, { start: '2026-09-01T07:00:00Z', values: values(100), exponent: 0, quality: 2 })
  const demand = { quantified: 'demand', unit: 'W' } as const
  await addReadings(api, place, { start: autumn, values: values(50), channel: demand, exponent: 0 })
  const later = { start: sampleBill.end, end: epochSeconds(sampleBill.end + 31 * DAY) }
  const partly = { total: currencyE5(19_478_000), totalFrom: 'lines' as const, volume: null, suppliers: [], demand: [] }
  await addBills(api, place, [bill, { ...bill, ...later, ...partly }])
  return meter
}
