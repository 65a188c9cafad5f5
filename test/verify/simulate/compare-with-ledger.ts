import type { AuthorizationRow } from '../../../src/storage/authorizations.ts'
import { readSeries } from '../../../src/storage/series.ts'
import { findAuthorization } from '../../../simulators/kit/authorizations.ts'
import { billsOf } from '../../../simulators/world/bills.ts'
import { type Agreement, flowsOf } from '../../../simulators/world/household.ts'
import { publishedDays, type Shared } from '../../../simulators/world/ledger.ts'
import { midnight } from '../../../simulators/world/local-days.ts'
import { dayReadings } from '../../../simulators/world/readings.ts'
import type { World } from '../../../simulators/world/world.ts'
import { slugOf } from './ground.ts'
import type { Run } from './run-seed.ts'

/** What we hold of one authorization is what the utility's own books say: each reading, each bill, nothing more. */
export async function compareWithLedger(run: Run, row: AuthorizationRow): Promise<void> {
  const { utility } = run.ground.utilities.mounted[slugOf(row.utility)]
  const authorization = findAuthorization(utility, row.subscription ?? '')
  if (authorization?.status !== 1)
    return run.problem(`it is active, at the utility it is not (${row.authorizationUid})`)
  const shared = utility.sharedOf(authorization)
  const reach = Math.ceil(row.historyStart.getTime() / 1000)
  const theirs = row.dataClasses.includes('intervals') ? readingsOf(utility.world, shared, reach) : new Map()
  const ours = await ourReadings(run, row)
  const different = firstDifference(ours, theirs)
  if (different !== null) run.problem(`readings: ${different} (${row.authorizationUid} ${row.utility})`)
  const bills = row.dataClasses.includes('bills') && shared.bills ? billTotals(utility.world, shared, reach) : []
  const stored = await run.ground.database.admin(
    'select total_e5 from bills where authorization_uid = $1 order by starts, total_e5',
    [row.authorizationUid],
  )
  const same = (totals: readonly (number | null)[]): string => totals.toSorted((a, b) => (a ?? 0) - (b ?? 0)).join(' ')
  const mine = same(stored.map(({ total_e5: total }) => (total === null ? null : Number(total))))
  if (mine !== same(bills)) run.problem(`bills: ${mine} is not ${same(bills)} (${row.authorizationUid} ${row.utility})`)
}

/** By usage point, flow and start: duration and exact value (mWh, 1e-8 therm). */
type Readings = Map<string, string>

function readingsOf(world: World, shared: Shared, reach: number): Readings {
  const all: Readings = new Map()
  if (!shared.usage) return all
  for (const agreement of shared.agreements) {
    const { from, until } = publishedDays(world, agreement, shared.asOf, shared.firstDay)
    for (const flow of flowsOf(agreement))
      for (let day = from; day < until; day++) addDay(world, agreement, { day, flow, asOf: shared.asOf, reach, all })
  }
  return all
}

type Day = { day: number; flow: 1 | 19; asOf: number; reach: number; all: Readings }

function addDay(world: World, agreement: Agreement, { day, flow, asOf, reach, all }: Day): void {
  const { starts, durations, values } = dayReadings(world, agreement, { day, flow, asOf, billed: true })
  const isLate = agreement.commodity === 'gas' && world.utility === 'pge' // gas days that start a second late: a named repair
  for (const [at, start] of starts.entries()) {
    const moment = isLate ? start - 1 : start
    if (moment >= reach) all.set(`${agreement.id} ${flow} ${moment}`, `${durations[at]} ${values[at]}`)
  }
}

async function ourReadings({ ground }: Run, { authorizationUid }: AuthorizationRow): Promise<Readings> {
  const all: Readings = new Map()
  const meters = await ground.database.admin(
    'select meter_uid::text as uid from meters where authorization_uid = $1 order by meter_uid',
    [authorizationUid],
  )
  for (const { uid } of meters) {
    const series = await ground.database.db.operator((tx) => readSeries(tx, authorizationUid, String(uid)))
    for (const { usagePoint, channel, exponent, start, duration, value } of series) {
      const flow = channel.direction === 'received' ? 19 : 1
      const scale = exponent + (channel.unit === 'Wh' ? 3 : 8)
      for (const [at, moment] of start.entries()) {
        const exact = Math.round((value[at] ?? 0) * 10 ** scale)
        const key = `${usagePoint} ${flow} ${moment}`
        all.set(all.has(key) ? `${key} once more` : key, `${duration[at]} ${exact}`)
      }
    }
  }
  return all
}

function firstDifference(ours: Readings, theirs: Readings): string | null {
  for (const [key, value] of theirs)
    if (ours.get(key) !== value)
      return `${key}: ${ours.get(key) ?? 'nothing'} in place of ${value} (${ours.size} of ${theirs.size})`
  for (const [key, value] of ours) if (!theirs.has(key)) return `${key}: ${value} in place of nothing`
  return null
}

function billTotals(world: World, shared: Shared, reach: number): (number | null)[] {
  return shared.agreements.flatMap((agreement) =>
    billsOf(world, agreement, shared.asOf)
      .filter(({ period }) => period.start >= (shared.firstDay ?? 0) && midnight(period.end) > reach)
      .map(({ totalE5 }) => (shared.costs ? totalE5 : null)),
  )
}
