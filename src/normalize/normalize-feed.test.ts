import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { parseBytes } from '../espi/parse.ts'
import type { DecodedFeed } from '../model/decoded-feed.ts'
import { addLocalDays, midnightOf } from '../units/local-days.ts'
import { normalizeFeed } from './normalize-feed.ts'
import {
  codes,
  entriesOf,
  entry,
  feedOf,
  hours,
  type Meter,
  only,
  OPTIONS,
  readingXml,
  tag,
  TYPE,
  ZONE,
} from './feed-for-tests.ts'

describe('series', () => {
  it('multipliers apply to values once and to money never', () => {
    const feed = feedOf([
      { type: { powerOfTenMultiplier: -3, currency: 124 }, readings: [{ start: 0, value: '550000', cost: '974' }] },
    ])
    expect(only(feed)).toMatchObject({
      exponent: -3,
      currency: 'CAD',
      channel: { commodity: 'electricity', direction: 'delivered', quantified: 'energy', unit: 'Wh' },
    })
    expect([...only(feed).value, ...(only(feed).cost ?? [])]).toEqual([550_000, 974])
  })

  it('a multiplier on a reading wins over the type, and decimals stay exact', () => {
    const readings = [
      { start: 0, value: '-23.43', extra: '<powerOfTenMultiplier>3</powerOfTenMultiplier>' },
      { start: 3600, value: '7' },
    ]
    const { exponent, value } = only(feedOf([{ type: { flowDirection: 4 }, readings }]))
    expect([...value].map((one) => one * 10 ** exponent)).toEqual([-23_430, 7])
  })

  it('the sum of a series is the exact sum of what was sent, in any order of readings', () => {
    const values = fc.array(fc.bigInt({ min: -(2n ** 47n), max: 2n ** 47n }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(values, fc.integer({ min: -8, max: 6 }), fc.infiniteStream(fc.nat()), (sent, multiplier, order) => {
        const readings = sent.map((value, index) => ({
          start: index * 3600,
          value: String(value),
          order: order.next().value,
        }))
        readings.sort((a, b) => a.order - b.order)
        const series = only(feedOf([{ type: { powerOfTenMultiplier: multiplier }, readings }]))
        expect(series.exponent).toBe(multiplier)
        expect([...series.value].reduce((sum, value) => sum + BigInt(value), 0n)).toBe(
          sent.reduce((sum, value) => sum + value, 0n),
        )
        expect([...series.start]).toEqual(sent.map((_, index) => index * 3600))
      }),
      { numRuns: 100 },
    )
  })

  it('of readings with one start the better quality stays, then the later update, then the later in the feed', () => {
    const rank = new Map([
      [19, 5],
      [17, 4],
      [8, 2],
      [14, 1],
    ])
    const sent = fc.array(
      fc.record({ start: fc.nat(5).map((n) => n * 3600), value: fc.nat(9), quality: fc.constantFrom(...rank.keys()) }),
      { minLength: 1, maxLength: 30 },
    )
    fc.assert(
      fc.property(sent, (readings) => {
        const series = only(feedOf([{ readings: readings.map((one) => ({ ...one, value: String(one.value) })) }]))
        const expected = new Map<number, (typeof readings)[number]>()
        for (const one of readings) {
          const held = expected.get(one.start)
          if (held === undefined || (rank.get(one.quality) ?? 0) >= (rank.get(held.quality) ?? 0))
            expected.set(one.start, one)
        }
        const kept = [...expected.values()].sort((a, b) => a.start - b.start)
        expect([...series.start]).toEqual(kept.map(({ start }) => start))
        expect([...series.value]).toEqual(kept.map(({ value }) => value))
        expect([...series.quality]).toEqual(kept.map(({ quality }) => rank.get(quality)))
      }),
      { numRuns: 200 },
    )
  })

  it('an equal reading sent twice is told apart from two that differ', () => {
    expect(feedOf([{ readings: [...hours(3), { start: 1_700_000_000, value: '0' }] }]).warnings).toMatchObject([
      { code: 'repeated_starts', count: 1 },
    ])
    expect(feedOf([{ readings: [...hours(3), { start: 1_700_000_000, value: '9' }] }]).warnings).toMatchObject([
      { code: 'conflicting_starts', count: 1 },
    ])
  })

  it.each([
    ['2026-03-08', 23],
    ['2026-11-01', 25],
    ['2026-07-01', 24],
  ])('the local day %s has its %i hours, in any zone of the feed', (date, count) => {
    const start = midnightOf(date, ZONE)
    const readings = hours(count, start)
    const series = only(feedOf([{ readings }]))
    expect(series.start).toHaveLength(count)
    expect((series.start.at(-1) ?? 0) + (series.duration.at(-1) ?? 0)).toBe(addLocalDays(start, 1, ZONE))
  })

  it('the autumn hour that was stamped as the next one is put back, not dropped', () => {
    const midnight = midnightOf('2026-11-01', ZONE)
    const hourly = [0, 2, 2, 3].map((hour, index) => ({ start: midnight + hour * 3600, value: String(index) }))
    const feed = feedOf([{ readings: hourly }])
    expect([...only(feed).start].map((start) => (start - midnight) / 3600)).toEqual([0, 1, 2, 3])
    expect([...only(feed).value]).toEqual([0, 1, 2, 3])
    expect(feed.warnings).toMatchObject([{ code: 'autumn_hour_restored', count: 1 }])
    const quarters = [0, 1, 2, 3, 8, 9, 10, 11, 8, 9, 10, 11, 12].map((quarter, index) => ({
      start: midnight + quarter * 900,
      duration: 900,
      value: String(index),
    }))
    const fine = only(feedOf([{ type: { intervalLength: 900 }, readings: quarters }]))
    expect([...fine.start].map((start) => (start - midnight) / 900)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    expect([...fine.value]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  it.each([
    ['on another day', midnightOf('2026-11-02', ZONE), [0, 2, 2, 3]],
    ['when the hour before is there', midnightOf('2026-11-01', ZONE), [0, 1, 2, 2, 3]],
    ['when the data begin there', midnightOf('2026-11-01', ZONE), [2, 2, 3]],
  ])('a start that comes twice stays a repetition %s', (_name, midnight, starts) => {
    const feed = feedOf([{ readings: starts.map((hour) => ({ start: midnight + hour * 3600, value: '1' })) }])
    expect([...only(feed).start].map((start) => (start - midnight) / 3600)).toEqual([...new Set(starts)])
    expect(codes(feed)).toEqual(['repeated_starts'])
  })

  it('durations written from local clocks are set right by the starts', () => {
    const readings = [
      { start: 0, value: '1' },
      { start: 3600, value: '2', duration: 7200 },
      { start: 7200, value: '3', duration: 0 },
      { start: 10_800, value: '4', duration: 0 },
    ]
    const feed = feedOf([{ readings }])
    expect([...only(feed).duration]).toEqual([3600, 3600, 3600, 3600])
    expect(codes(feed)).toEqual(['duration_corrected'])
  })

  it('a negative duration is set right, and counted', () => {
    const feed = feedOf([
      {
        readings: [
          { start: 0, value: '1', duration: -900 },
          { start: 900, value: '2', duration: 900 },
        ],
      },
    ])
    expect([...only(feed).duration]).toEqual([900, 900])
    expect(codes(feed)).toEqual(['duration_corrected'])
  })

  it('intervals one second short reach to the next', () => {
    const readings = Array.from({ length: 4 }, (_, index) => ({ start: index * 900, duration: 899, value: '1' }))
    expect([...only(feedOf([{ type: { intervalLength: 900 }, readings }])).duration]).toEqual([900, 900, 900, 900])
  })

  it('a reading without a time stands at its place in the block', () => {
    const block = '<interval><duration>10800</duration><start>7200</start></interval>'
    expect([...only(feedOf([{ block, readings: [{ value: '1' }, { value: '2' }, { value: '3' }] }])).start]).toEqual([
      7200, 10_800, 14_400,
    ])
    expect(codes(feedOf([{ type: { intervalLength: 1 }, block, readings: [{ value: '1' }] }]))).toEqual([
      'missing_time',
    ])
  })

  it('a missing value is a gap, not zero', () => {
    const feed = feedOf([{ readings: [{ start: 0, value: '1' }, { start: 3600 }, { start: 7200, value: '0' }] }])
    expect([...only(feed).start]).toEqual([0, 7200])
    expect(codes(feed)).toEqual(['missing_value'])
  })

  it('times that cannot be true are left out', () => {
    const feed = feedOf([
      {
        readings: [
          { start: -5, value: '1' },
          { start: 1_700_000_000_000, value: '1' },
          { start: 0, value: '2' },
        ],
      },
    ])
    expect([...only(feed).value]).toEqual([2])
    expect(feed.warnings).toMatchObject([{ code: 'missing_time', count: 2 }])
  })

  it('a value beyond what can be carried exactly is left out and told', () => {
    const feed = feedOf([
      {
        readings: [
          { start: 0, value: '9007199254740993' },
          { start: 3600, value: '5' },
        ],
      },
    ])
    expect([...only(feed).value]).toEqual([5])
    expect(codes(feed)).toEqual(['value_out_of_range'])
  })

  it('delivered, received, net, registers and temperatures are channels of their own', () => {
    const types = [
      {},
      { flowDirection: 19 },
      { flowDirection: 4 },
      { accumulationBehaviour: 1 },
      { kind: 46, uom: 6, flowDirection: 0 },
      { uom: 38, kind: 8 },
      { uom: 38, kind: 37 },
    ]
    const feed = feedOf(types.map((type) => ({ type, readings: hours(2) })))
    expect(
      feed.series.map(({ channel: { direction, quantified, unit } }) => `${direction}/${quantified}/${unit}`),
    ).toEqual([
      'delivered/energy/Wh',
      'received/energy/Wh',
      'net/energy/Wh',
      'delivered/register/Wh',
      'none/temperature/K',
      'delivered/demand/W',
      'delivered/power/W',
    ])
  })

  it('meter readings of one channel that follow each other make one series', () => {
    const feed = feedOf([
      { readings: hours(3) },
      { type: { powerOfTenMultiplier: -3 }, readings: hours(3, 1_700_010_800) },
    ])
    expect(only(feed)).toMatchObject({ exponent: -3 })
    expect([...only(feed).value]).toEqual([0, 1000, 2000, 0, 1, 2])
  })

  it('two meters that report at the same time stay apart', () => {
    const feed = feedOf([{ readings: hours(3) }, { readings: hours(3).map((one) => ({ ...one, value: '7' })) }])
    expect(feed.series.map(({ channel }) => channel.part)).toEqual(['0', '1'])
    expect(codes(feed)).toEqual(['several_meters'])
  })

  it.each([
    ['electricity in cubic feet', { uom: 119 }, 'unit_does_not_fit'],
    ['an unknown unit', { uom: 9999 }, 'unsupported_unit'],
    ['one quadrant of the flow', { flowDirection: 15 }, 'unsupported_flow'],
  ])('%s is left out and told', (_name, type, code) => {
    const feed = feedOf([{ type, readings: hours(2) }])
    expect([feed.series, codes(feed)]).toEqual([[], [code]])
  })

  it('a bare reading type counts watt-hours where the service is electricity, and nothing elsewhere', () => {
    const bare = { uom: '', commodity: '' }
    expect(only(feedOf([{ type: bare, readings: hours(2) }])).channel.unit).toBe('Wh')
    expect(feedOf([{ type: bare, readings: hours(2) }], { service: 1 }).series).toEqual([])
  })

  it('a unit inside the interval counts where the type has none', () => {
    const block = '<interval><duration>7200</duration><start>0</start><uom>42</uom></interval>'
    const feed = feedOf([{ type: { uom: '', commodity: '' }, block, readings: hours(2) }], { service: 1 })
    expect([only(feed).channel.unit, codes(feed)]).toEqual(['m3', []])
  })

  it('an unknown quality is unknown, a missing one is the type’s, then the caller’s', () => {
    const quality = (
      type: Record<string, number>,
      reading: { quality?: number },
      defaultQuality: number | null,
    ): number | undefined =>
      only(
        feedOf([{ type, readings: [{ start: 0, value: '1', ...reading }] }], {
          options: { ...OPTIONS, defaultQuality },
        }),
      ).quality[0]
    expect(quality({ defaultQuality: 17 }, { quality: 777 }, 19)).toBe(0)
    expect(quality({ defaultQuality: 17 }, {}, 19)).toBe(4)
    expect(quality({}, {}, 19)).toBe(5)
    expect(quality({}, {}, null)).toBe(0)
  })

  it('a usage point without readings is a meter without series', () => {
    const feed = feedOf([{ readings: [] }])
    expect(feed.series).toEqual([])
    expect(feed.meters).toMatchObject([{ usagePoint: 'A', commodity: 'electricity', serviceClass: 'electric' }])
  })

  it('usage a thousand times too large is told, not changed', () => {
    const feed = feedOf([
      { type: { powerOfTenMultiplier: 9 }, readings: hours(24).map((one) => ({ ...one, value: '5' })) },
    ])
    expect(codes(feed)).toEqual(['implausible_usage'])
    expect(only(feed).value[0]).toBe(5)
  })
})

describe('bills', () => {
  const day = 86_400
  const period = (start: number, days: number): string =>
    `<billingPeriod><duration>${days * day}</duration><start>${start}</start></billingPeriod>`
  const line = (note: string, amount: number | null, { kind = 3, uom = 0, value = 0 } = {}): string =>
    `<costAdditionalDetailLastPeriod>${amount === null ? '' : `<amount>${amount}</amount>`}<note>${note}</note>${uom > 0 ? `<measurement><powerOfTenMultiplier>0</powerOfTenMultiplier><uom>${uom}</uom><value>${value}</value></measurement>` : ''}<itemKind>${kind}</itemKind></costAdditionalDetailLastPeriod>`
  const billsOf = (summaries: string[], options = OPTIONS): DecodedFeed => feedOf([], { summaries, options })

  it('a period over a change of clocks ends at local midnight', () => {
    const start = midnightOf('2026-02-20', ZONE)
    const [bill] = billsOf([`${period(start, 30)}<billLastPeriod>100</billLastPeriod>`]).bills
    expect(bill).toMatchObject({ start, end: midnightOf('2026-03-22', ZONE) })
  })

  it('a period at UTC midnights means local dates, in summer and winter', () => {
    for (const [from, days, until] of [
      ['2026-02-20', 30, '2026-03-22'],
      ['2026-07-01', 31, '2026-08-01'],
      ['2026-10-15', 30, '2026-11-14'],
    ] as const) {
      const [bill] = billsOf([`${period(Date.parse(from) / 1000, days)}<billLastPeriod>100</billLastPeriod>`], {
        ...OPTIONS,
        billPeriod: 'utc-midnight',
      }).bills
      expect(bill).toMatchObject({ start: midnightOf(from, ZONE), end: midnightOf(until, ZONE) })
    }
  })

  const start = midnightOf('2026-06-01', ZONE)

  it('the total is the statement’s, else the sum of lines that are money, else unknown', () => {
    const lines =
      line('A', 1000) + line('B', -300) + line('Info', 77, { kind: 10 }) + line('Usage', null, { uom: 72, value: 5 })
    expect(billsOf([`${period(start, 30)}<billLastPeriod>700</billLastPeriod>${lines}`]).bills).toMatchObject([
      { total: 700, totalFrom: 'statement', warnings: [] },
    ])
    expect(billsOf([period(start, 30) + lines]).bills).toMatchObject([
      {
        total: 700,
        totalFrom: 'lines',
        lines: [{}, {}, { amount: null }, { amount: null, quantity: { value: 5, unit: 'Wh' } }],
      },
    ])
    expect(
      billsOf([
        `${period(start, 30)}<overallConsumptionLastPeriod><uom>72</uom><value>5</value></overallConsumptionLastPeriod>`,
      ]).bills,
    ).toMatchObject([{ total: null, totalFrom: null, currency: null }])
  })

  it('lines that do not add up are a note on the bill, not a refusal', () => {
    const feed = billsOf([`${period(start, 30)}<billLastPeriod>999</billLastPeriod>${line('A', 1000)}`])
    expect(feed.bills).toMatchObject([{ total: 999, warnings: ['lines_do_not_add_up'] }])
    expect(codes(feed)).toEqual(['lines_do_not_add_up'])
  })

  it('where every line is marked as information and together they are the total, they are charges', () => {
    const feed = billsOf([
      `${period(start, 30)}<billLastPeriod>1500</billLastPeriod>${line('A', 1000, { kind: 10 })}${line('B', 500, { kind: 10 })}`,
    ])
    expect(feed.bills[0]?.lines.map(({ amount }) => amount)).toEqual([1000, 500])
    expect(codes(feed)).toEqual(['information_lines_are_money'])
  })

  it('money with a decimal point is in currency units', () => {
    expect(billsOf([`${period(start, 30)}<billLastPeriod>39.00</billLastPeriod>`]).bills).toMatchObject([
      { total: 3_900_000 },
    ])
    const feed = billsOf([`${period(start, 30)}<billLastPeriod>0.000001</billLastPeriod>`])
    expect([feed.bills[0]?.total, codes(feed)]).toEqual([null, ['amount_unreadable']])
  })

  it('supply, delivery, times of use, tiers and demand are recognized', () => {
    const named = [
      line('Peak Energy', 1, { uom: 72, value: 1 }),
      line('Winter Super Off-Peak', 1),
      line('Mid Peak usage', 1),
      line('On-Peak', 1),
      line('OFF PEAK', 1),
      line('Max Peak Demand', 5, { uom: 38, value: 9 }),
      line('Demand response credit', -1),
      line('Tier 2 usage', 1),
      line('Over baseline 101%', 1),
      line('Generation', 1, { kind: 1 }),
      line('Delivery credit', -1, { kind: 7 }),
      line('Speak up fund', 1),
    ]
    const [bill] = billsOf([period(start, 30) + named.join('')]).bills
    expect(bill?.tou.map(({ bucket }) => bucket)).toEqual(['peak', 'super-off-peak', 'part-peak', 'peak', 'off-peak'])
    expect(bill?.demand).toMatchObject([{ name: 'Max Peak Demand', cost: 5, quantity: { value: 9, unit: 'W' } }])
    expect(bill?.tiers.map(({ level }) => level)).toEqual([2, 2])
    expect(bill?.lines.map(({ kind }) => kind)).toEqual([
      ...Array.from({ length: 9 }, () => 'other'),
      'supply',
      'delivery',
      'other',
    ])
  })

  it('summaries of one period are one bill: better quality replaces, what only one says stays', () => {
    const first = `${period(start, 30)}<billLastPeriod>900</billLastPeriod><qualityOfReading>19</qualityOfReading>`
    const later = `${period(start, 30)}<billLastPeriod>100</billLastPeriod><qualityOfReading>14</qualityOfReading><tariffProfile>T</tariffProfile>`
    expect(billsOf([first, later]).bills).toMatchObject([{ total: 900, tariff: 'T', quality: 19 }])
    expect(billsOf([later, first]).bills).toMatchObject([{ total: 900, tariff: 'T', quality: 19 }])
  })

  it('a summary of the running period makes no bill, one without a period is told', () => {
    expect(billsOf([`${period(start, 30)}<billToDate>5</billToDate>`]).bills).toEqual([])
    const feed = billsOf(['<billLastPeriod>5</billLastPeriod>'])
    expect([feed.bills, codes(feed)]).toEqual([[], ['summary_without_period']])
  })

  it('bills that overlap, and prices of another scale, are told', () => {
    const bill = (from: number): string => `${period(from, 30)}<billLastPeriod>100</billLastPeriod>`
    expect(codes(billsOf([bill(start), bill(addLocalDays(start, 29, ZONE))]))).toEqual(['bills_overlap'])
    expect(
      codes(
        billsOf([
          `${period(start, 30)}<billLastPeriod>12345000000</billLastPeriod><overallConsumptionLastPeriod><uom>72</uom><value>250000</value></overallConsumptionLastPeriod>`,
        ]),
      ),
    ).toEqual(['implausible_price'])
  })

  it('a price far below any tariff is told over several bills, not for one that credits paid', () => {
    const cheap = (index: number): string =>
      `${period(addLocalDays(start, index * 30, ZONE), 30)}<billLastPeriod>64170</billLastPeriod><overallConsumptionLastPeriod><uom>42</uom><value>47</value></overallConsumptionLastPeriod>`
    expect(codes(billsOf([cheap(0), cheap(1)]))).toEqual([])
    expect(codes(billsOf([cheap(0), cheap(1), cheap(2)]))).toEqual(['implausible_price'])
  })

  it('the incumbent’s peak demand is a demand of the bill', () => {
    const peak = '<peakDemand><powerOfTenMultiplier>3</powerOfTenMultiplier><uom>38</uom><value>12</value></peakDemand>'
    expect(billsOf([`${period(start, 30)}<billLastPeriod>5</billLastPeriod>${peak}`]).bills).toMatchObject([
      { demand: [{ name: 'Peak demand', quantity: { value: 12, exponent: 3, unit: 'W' } }] },
    ])
  })
})

it('a feed with its zone wrong is told', () => {
  const zone = (offset: number): string[] => {
    const body = `<feed xmlns="http://www.w3.org/2005/Atom">${entry('LocalTimeParameters', `<tzOffset>${offset}</tzOffset>`)}</feed>`
    return codes(normalizeFeed(parseBytes(new TextEncoder().encode(body)).entries, OPTIONS))
  }
  expect(zone(-28_800)).toEqual([])
  expect(zone(-18_000)).toEqual(['time_zone_differs'])
})

it('a permutation of the entries decodes to the same', () => {
  const meters: Meter[] = [{ readings: hours(5) }, { type: { flowDirection: 19 }, readings: hours(4) }]
  const body = (order: (parts: string[]) => string[]): DecodedFeed => {
    const up = '/UsagePoint/A'
    const parts = meters.flatMap(({ type = {}, readings }, index) => [
      entry(
        'ReadingType',
        Object.entries({ ...TYPE, ...type })
          .map(([name, value]) => tag(name, value))
          .join(''),
        { self: `/ReadingType/${index}` },
      ),
      entry('MeterReading', '', {
        self: `${up}/MeterReading/${index}`,
        up: `${up}/MeterReading`,
        related: [`${up}/MeterReading/${index}/IntervalBlock`, `/ReadingType/${index}`],
      }),
      entry('IntervalBlock', readings.map(readingXml).join(''), { up: `${up}/MeterReading/${index}/IntervalBlock` }),
    ])
    const all = [entry('UsagePoint', '', { self: up, related: [`${up}/MeterReading`] }), ...parts]
    const feed = normalizeFeed(
      parseBytes(new TextEncoder().encode(`<feed xmlns="http://www.w3.org/2005/Atom">${order(all).join('')}</feed>`))
        .entries,
      OPTIONS,
    )
    return { ...feed, series: feed.series.toSorted((a, b) => a.channel.direction.localeCompare(b.channel.direction)) }
  }
  const expected = body((parts) => parts)
  fc.assert(
    fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7, maxLength: 7 }), (order) => {
      expect(body((parts) => order.map((index) => parts[index] ?? ''))).toEqual(expected)
    }),
    { numRuns: 50 },
  )
})

it('a feed that holds everything twice is the feed', () => {
  const meters: Meter[] = [
    { readings: hours(5) },
    { type: { flowDirection: 19 }, readings: hours(4) },
    { type: { accumulationBehaviour: 1 }, readings: hours(3) },
  ]
  const summary =
    '<billingPeriod><duration>2592000</duration><start>1700000000</start></billingPeriod><billLastPeriod>5</billLastPeriod>'
  const entries = entriesOf(meters, { summaries: [summary] })
  const once = normalizeFeed(entries, OPTIONS)
  const twice = normalizeFeed([...entries, ...entries], OPTIONS)
  expect(twice).toEqual({ ...once, warnings: twice.warnings })
  expect(codes({ ...twice, warnings: twice.warnings })).toEqual(['repeated_starts'])
})
