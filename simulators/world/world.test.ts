import { expect, test } from 'vitest'
import { billsOf } from './bills.ts'
import { findHousehold, namedLogins } from './customers.ts'
import { decimal } from './decimal.ts'
import { type Agreement, agreementsOf, flowsOf } from './household.ts'
import { ledgerOf } from './ledger.ts'
import { dateOf, dayFromDate, dayFromIso, dayOf, isoDate, lengthOf, midnight, wallMinute } from './local-days.ts'
import { billedPeriods } from './periods.ts'
import { dayReadings } from './readings.ts'
import type { UtilityName, World } from './world.ts'

const at = (iso: string): number => Date.parse(iso) / 1000

const worldAt = (iso: string, utility: UtilityName = 'pge', historyMonths = 13): World => ({
  utility,
  seed: 11,
  originDay: dayOf(at(iso)),
  historyMonths,
  lagDays: 2,
  fleet: 5,
  corrections: [],
  rebills: [],
  moves: [],
  meterChanges: [],
  households: new Map(),
})

const agreementsIn = (world: World, login: string): Agreement[] => {
  const household = findHousehold(world, login)
  return household ? agreementsOf(household) : []
}

const everything = { usage: true, bills: true, costs: true }

test('local midnights agree with the time zone database, on both daylight-saving days too', () => {
  const clock = new Intl.DateTimeFormat('en-CA', {
    timeZone: 'America/Los_Angeles',
    dateStyle: 'short',
    timeStyle: 'medium',
    hourCycle: 'h23',
  })
  for (let day = dayFromDate(2023, 1, 1); day < dayFromDate(2027, 1, 1); day++) {
    expect(clock.format(midnight(day) * 1000)).toBe(`${isoDate(day)}, 00:00:00`)
    expect(dayOf(midnight(day))).toBe(day)
    expect(dayOf(midnight(day + 1) - 1)).toBe(day)
    const noon = midnight(day) + Math.floor(lengthOf(day) / 2)
    expect(clock.format(noon * 1000)).toContain(`, ${String(Math.floor(wallMinute(noon, day) / 60)).padStart(2, '0')}:`)
  }
})

test('a day of 23 hours has 92 quarter-hours, one of 25 has 100', () => {
  const world = worldAt('2026-12-15T20:00:00Z')
  const [electric] = agreementsIn(world, 'solar')
  if (!electric) throw new Error('no agreement')
  const counts = ['2026-03-07', '2026-03-08', '2026-11-01'].map((date) => {
    const readings = dayReadings(world, electric, {
      day: dayFromIso(date) ?? 0,
      flow: 1,
      asOf: at('2026-12-15T20:00:00Z'),
      billed: true,
    })
    expect(new Set(readings.starts).size).toBe(readings.starts.length)
    return readings.starts.length
  })
  expect(counts).toEqual([96, 92, 100])
})

test.each(['pge', 'sce', 'demo'] as const)('the world of %s is a function of seed, customer and time', (utility) => {
  const now = at('2026-07-15T20:00:00Z')
  const ledgers = [1, 2].map(() => {
    const world = worldAt('2026-07-15T20:00:00Z', utility, 3)
    return namedLogins(utility).map((login) => {
      const household = findHousehold(world, login)
      return ledgerOf(world, { agreements: household ? agreementsOf(household) : [], ...everything, asOf: now })
    })
  })
  expect(ledgers[0]).toEqual(ledgers[1])
  const other = { ...worldAt('2026-07-15T20:00:00Z', utility, 3), seed: 12 }
  const household = findHousehold(other, namedLogins(utility)[0] ?? '')
  expect(
    ledgerOf(other, { agreements: household ? agreementsOf(household) : [], ...everything, asOf: now }),
  ).not.toEqual(ledgers[0]?.[0])
})

test.each(['2026-01-02T09:00:00Z', '2026-03-09T09:00:00Z', '2026-07-05T05:00:00Z', '2026-11-24T23:00:00Z'])(
  'on %s there are exactly thirteen closed bills, and history begins with the oldest',
  (iso) => {
    const world = worldAt(iso)
    for (const login of ['home', 'solar', 'shop', 'accounts']) {
      for (const agreement of agreementsIn(world, login)) {
        const periods = billedPeriods(agreement, at(iso))
        expect(periods).toHaveLength(13)
        expect(periods[0]?.start).toBe(agreement.firstDay)
        periods.forEach((period, i) => {
          expect(period.end - period.start).toBeGreaterThanOrEqual(26)
          expect(period.end - period.start).toBeLessThanOrEqual(34)
          expect(period.start).toBe(i === 0 ? agreement.firstDay : periods[i - 1]?.end)
          expect([0, 6]).not.toContain(dateOf(period.end).weekday)
        })
        const first = dayReadings(world, agreement, { day: agreement.firstDay, flow: 1, asOf: at(iso), billed: true })
        expect(first.starts[0]).toBe(midnight(agreement.firstDay) + (agreement.commodity === 'gas' ? 1 : 0))
      }
    }
    for (const agreement of agreementsIn(world, 'new')) expect(billedPeriods(agreement, at(iso))).toHaveLength(0)
  },
)

test('bills equal their intervals and their lines equal their total', () => {
  const iso = '2026-07-15T20:00:00Z'
  for (const utility of ['pge', 'sce', 'demo'] as const) {
    const world = worldAt(iso, utility, 4)
    for (const login of namedLogins(utility)) {
      for (const agreement of agreementsIn(world, login)) {
        for (const bill of billsOf(world, agreement, at(iso))) {
          let net = 0
          for (let day = bill.period.start; day < bill.period.end; day++)
            for (const flow of flowsOf(agreement))
              for (const value of dayReadings(world, agreement, { day, flow, asOf: at(iso), billed: true }).values)
                net += flow === 1 ? value : -value
          expect(bill.consumption).toBe(net)
          expect(bill.lines.reduce((sum, line) => sum + (line.amountE5 ?? 0), 0)).toBe(bill.totalE5)
          expect(Math.abs(bill.totalE5 % 1000)).toBe(0)
        }
      }
    }
  }
})

test('time only adds: readings that are published stay as they are', () => {
  const world = worldAt('2026-07-15T20:00:00Z', 'pge', 2)
  const household = findHousehold(world, 'home')
  const agreements = household ? agreementsOf(household) : []
  const [before, after] = ['2026-07-15T20:00:00Z', '2026-07-16T20:00:00Z'].map((iso) =>
    ledgerOf(world, { agreements, ...everything, asOf: at(iso) }),
  )
  expect((after?.readings ?? 0) - (before?.readings ?? 0)).toBeLessThanOrEqual(24)
  expect(after?.readings).toBeGreaterThan(before?.readings ?? 0)
})

test('ids never collide over a fleet', () => {
  const world = { ...worldAt('2026-07-15T20:00:00Z', 'sce', 1), fleet: 3000 }
  const ids = Array.from({ length: 3000 }, (_, n) =>
    findHousehold(world, `customer${String(n + 1).padStart(6, '0')}`),
  ).flatMap((h) => (h ? agreementsOf(h).map((a) => a.id) : []))
  expect(new Set(ids).size).toBe(ids.length)
  expect(findHousehold(world, 'customer003001')).toBeNull()
})

test('decimals are exact and shortest', () => {
  expect([
    decimal(0, 6),
    decimal(1_500_000, 6),
    decimal(-25_000n, 5),
    decimal(123_456_789n, 8),
    decimal(5n, 0),
  ]).toEqual(['0', '1.5', '-0.25', '1.23456789', '5'])
})
