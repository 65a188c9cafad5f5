import { expect, it } from 'vitest'

import { planFirst, planRefresh, planUsagePoint, type Reach } from '../../../src/collection/plan-windows.ts'
import { type LimitState, takeSlot, type Urgency } from '../../../src/storage/take-slot.ts'
import { urgencyOf } from '../../../src/storage/windows.ts'
import { utilityOf } from '../../../src/utilities/index.ts'
import { sized } from '../size.ts'

/**
 * A year of daily collection for 1,000 customers of PG&E: what is owed by our planning, in the order of our priorities, at
 * the moments that our limiter gives; without network and database, so that a year takes seconds (quota-week.test.ts does a
 * week with both). The quota is counted apart from the limiter: all requests of any second, any hour, and each day from
 * 17:00 Pacific on, a fixed table of UTC moments.
 */
const CUSTOMERS = sized(1000, 100)
const DAYS = sized(365, 40)
const HISTORY_DAYS = 730
const DAY = 86_400_000
const START = Date.parse('2026-01-01T14:00:00Z') // when the utility has published
const pge = utilityOf('PG&E')
const POINTS = ['electricity', 'gas']
const LIMITS = { second: 1, hour: 2000, day: 20_000 }

type Owed = { urgency: Urgency; owed: number; count: number }
type Sent = { at: number; urgency: Urgency }

const scenarios = [
  { name: 'each customer asked for each day', packaged: false, outage: null },
  { name: 'packages for all, each customer asked for once a week', packaged: true, outage: null },
  { name: 'packages, and three days of outage', packaged: true, outage: { day: 20, days: 3 } },
] as const

it.each(scenarios)('$name: no limit is broken, and customers who are present wait for seconds', (scenario) => {
  const { sent, longestWait, leftOver } = run(scenario)
  const days = Map.groupBy(sent, ({ at }) => quotaDay(at))
  const perDay = [...days.values()].map((day) => day.length)
  const steady = [...days.entries()].filter(([day]) => day > START + 30 * DAY).map(([, day]) => day)
  const mean = (urgency: Urgency | null): number =>
    Math.round(
      steady.reduce((sum, day) => sum + day.filter((one) => urgency === null || one.urgency === urgency).length, 0) /
        Math.max(1, steady.length),
    )
  console.log(`${scenario.name}, ${CUSTOMERS} customers, ${DAYS} days:`)
  console.table([
    {
      'calls a day': mean(null),
      'customer present': mean('present'),
      'new data': mean('fresh'),
      history: mean('history'),
      'most in a day': Math.max(...perDay),
      'longest wait of a customer, s': Math.ceil(longestWait / 1000),
      violations: violationsOf(sent),
    },
  ])
  expect(violationsOf(sent)).toBe(0)
  expect(longestWait).toBeLessThan(60_000)
  expect(leftOver).toBe(0)
})

/** Five customers a day are present at odd moments, each with the six requests of the last steps. */
function arrivalsOf(day: number, { packaged, outage }: (typeof scenarios)[number]): Owed[] {
  const at = START + day * DAY
  const reach: Reach = { historyStart: (at - HISTORY_DAYS * DAY) / 1000, now: at / 1000, timezone: pge.timezone }
  const isDown = outage !== null && day >= outage.day && day < outage.day + outage.days
  const owedAt = isDown ? START + (outage.day + outage.days) * DAY : at
  const owed: Owed[] = []
  if (packaged) owed.push({ urgency: 'fresh', owed: owedAt, count: 3 }) // a token, electricity, gas
  for (let customer = 0; customer < CUSTOMERS; customer++) {
    if (day === 0) owed.push(...firstOf(reach, owedAt))
    else if (!packaged || customer % 7 === day % 7) {
      const windows = planRefresh(pge.espi, POINTS, reach, at / 1000 - 86_400)
      owed.push({ urgency: 'fresh', owed: owedAt, count: windows.length + 1 })
    }
  }
  const present = isDown ? [] : [0, 1, 2, 3, 4]
  owed.push(...present.map((n) => ({ urgency: 'present', owed: at + n * 3_577_000, count: 6 }) as const))
  return owed
}

function firstOf(reach: Reach, owed: number): Owed[] {
  const windows = [...planFirst(pge.espi, reach, []), ...POINTS.flatMap((one) => planUsagePoint(pge.espi, one, reach))]
  const byUrgency = Map.groupBy(windows, urgencyOf)
  return [...byUrgency].map(([urgency, some]) => ({
    urgency: urgency === 'present' ? 'fresh' : urgency, // a thousand at once: nobody looks on
    owed,
    count: some.length,
  }))
}

const ORDER = ['present', 'fresh', 'history'] as const

function run(scenario: (typeof scenarios)[number]): { sent: Sent[]; longestWait: number; leftOver: number } {
  const coming = Array.from({ length: DAYS }, (_, day) => arrivalsOf(day, scenario))
    .flat()
    .toSorted((a, b) => b.owed - a.owed)
  const queues: Record<Urgency, Owed[]> = { present: [], fresh: [], history: [] }
  const waits: Record<Urgency, number> = { present: 0, fresh: 0, history: 0 }
  const sent: Sent[] = []
  let [now, state, longestWait] = [START, FRESH, 0]
  for (;;) {
    for (let next = coming.at(-1); next && next.owed <= now; next = coming.at(-1)) {
      queues[next.urgency].push(next)
      coming.pop()
    }
    const urgency = ORDER.find((one) => queues[one].length > 0 && waits[one] <= now)
    const [first] = urgency ? queues[urgency] : []
    if (!urgency || !first) {
      const moments = ORDER.filter((one) => queues[one].length > 0).map((one) => waits[one])
      const next = Math.min(coming.at(-1)?.owed ?? Infinity, ...moments)
      if (next === Infinity) return { sent, longestWait, leftOver: 0 }
      now = next
      continue
    }
    const claim = takeSlot(state, pge.quota, { urgency, now: new Date(now), aheadMs: 2000 })
    state = claim.next
    if (!claim.slot.granted) {
      waits[urgency] = claim.slot.retryAt.getTime()
      continue
    }
    now = Math.max(now, claim.slot.at.getTime())
    sent.push({ at: now, urgency })
    if (urgency === 'present') longestWait = Math.max(longestWait, now - first.owed)
    if (--first.count === 0) queues[urgency].shift()
  }
}

const FRESH: LimitState = {
  nextSlot: new Date(START),
  minutes: {},
  hourUsed: 0,
  dayStarts: new Date(START),
  dayUsed: 0,
  failures: 0,
  openUntil: null,
  trialUntil: null,
  freshFrom: null,
  historyFrom: null,
}

/** Summer time of Pacific, from the law: second Sunday of March to first Sunday of November, 10:00 and 09:00 UTC. */
function quotaDay(at: number): number {
  const summer = [
    ['2026-03-08T10:00:00Z', '2026-11-01T09:00:00Z'],
    ['2027-03-14T10:00:00Z', '2027-11-07T09:00:00Z'],
  ].some(([from = '', to = '']) => at >= Date.parse(from) && at < Date.parse(to))
  const shift = (summer ? 24 : 25) * 3_600_000 // 17:00 Pacific in UTC
  return Math.floor((at - shift) / DAY) * DAY + shift
}

function violationsOf(sent: readonly Sent[]): number {
  const over = (width: number, most: number): number => {
    let [from, count] = [0, 0]
    for (const [index, { at }] of sent.entries()) {
      while ((sent[from]?.at ?? at) <= at - width) from++
      if (index - from + 1 > most) count++
    }
    return count
  }
  const days = [...Map.groupBy(sent, ({ at }) => quotaDay(at)).values()]
  return (
    over(1000, LIMITS.second) +
    over(3_600_000, LIMITS.hour) +
    days.reduce((sum, day) => sum + Math.max(0, day.length - LIMITS.day), 0)
  )
}
