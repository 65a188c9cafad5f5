import type { AskedMeter } from '../api/data-query.ts'
import { readAllBills } from '../api/read-all-bills.ts'
import { readAllMonths } from '../api/read-all-months.ts'
import type { Reading } from '../api/read-months.ts'
import { billEntry, meterEntries, momentOf, monthEntries } from '../api/render/espi-feed.ts'
import { EVERYTHING, type SurveyedMeter, surveyMeter } from '../api/survey-meter.ts'
import type { WrittenEntry } from '../espi/write/write-feed.ts'
import type { Uid } from '../model/uid.ts'
import { findRunningConsent, type RunningConsent } from '../storage/client-consents.ts'
import { listClientMeters } from '../storage/client-meters.ts'
import type { Tx } from '../storage/db.ts'
import { type CustodianDeps, resourceBase } from './custodian-deps.ts'
import type { Window } from './read-window.ts'
import { unauthorized } from './resource-error.ts'

/**
 * Reads under a consent: each transaction begins by asking whether it is still in force, so that nothing is read after its end, not
 * even the rest of a feed that began before. Throws ResourceError 401.
 */
function readingUnder({ db, now, config }: CustodianDeps, consent: RunningConsent): Reading {
  const asked =
    <T>(work: (tx: Tx) => Promise<T>) =>
    async (tx: Tx): Promise<T> => {
      if ((await findRunningConsent(tx, { ...consent, now: now() })) === null) throw unauthorized()
      return await work(tx)
    }
  const under: Reading['deps']['db'] = {
    company: async (companyUid, work) => await db.company(companyUid, asked(work)),
    readCompany: async (companyUid, work) => await db.readCompany(companyUid, asked(work)),
  }
  return { companyUid: consent.companyUid, deps: { publicUrl: config.publicUrl, db: under } }
}

/** The meters of a consent, each from where its history begins. What a customer did not pass on of them is not there. */
export async function listMeters(deps: CustodianDeps, consent: RunningConsent): Promise<AskedMeter[]> {
  const { companyUid, historyStart, dataClasses } = consent
  const meters = await deps.db.company(companyUid, (tx) => listClientMeters(tx, { ...consent, now: deps.now() }))
  const from = Math.ceil(historyStart.getTime() / 1000)
  return meters.map((meter) => {
    const { authorizationUid, meterUid, facts } = meter
    const told = dataClasses.includes('meters') ? facts : { ...facts, serviceTariff: null, readCycle: null }
    const zone = deps.utilityOf(meter.utility)?.timezone ?? 'UTC'
    return { ...meter, facts: told, zone, span: { authorizationUid, meterUid, from, until: null } }
  })
}

type Asked = { consent: RunningConsent; meters: readonly AskedMeter[]; window: Window }

/** Every entry of these meters, each one's own together: what it is, then its readings and bills in the window. */
export async function* usageEntries(
  deps: CustodianDeps,
  { consent, meters, window }: Asked,
): AsyncGenerator<WrittenEntry, void, undefined> {
  const reading = readingUnder(deps, consent)
  const isShared = (name: 'intervals' | 'bills'): boolean => consent.dataClasses.includes(name)
  for (const meter of meters) {
    const place = { base: resourceBase(deps), now: deps.now() }
    const surveyed = isShared('intervals') ? await surveyMeter(reading, meter, place) : unsurveyed(meter, place)
    yield* meterEntries(surveyed.place, [...surveyed.channels.values()])
    if (isShared('intervals')) yield* readingEntries(reading, { meter, surveyed, window })
    if (isShared('bills')) yield* billEntries(reading, { meter, surveyed, window })
  }
}

function unsurveyed(
  { authorizationUid, meterUid, facts, zone }: AskedMeter,
  place: { base: string; now: Date },
): SurveyedMeter {
  const { base, now } = place
  return { place: { base, authorizationUid, meterUid, facts, zone, updated: momentOf(now) }, channels: new Map() }
}

type OfMeter = { meter: AskedMeter; surveyed: SurveyedMeter; window: Window }

async function* readingEntries(reading: Reading, { meter, surveyed, window }: OfMeter): AsyncGenerator<WrittenEntry> {
  const from = Math.max(meter.span.from ?? 0, window.from ?? 0)
  const span = { ...meter.span, from, until: window.until }
  const asked = { ...EVERYTHING, updatedAfter: changedFrom(window) }
  for await (const { row, blocks } of readAllMonths(reading, asked, [{ ...meter, span }])) {
    if (!isChangedBefore(row.updated, window)) continue
    const context = { zone: meter.zone, from, until: window.until, isByStart: true }
    yield* monthEntries(surveyed.place, { row, blocks, context }, surveyed.channels)
  }
}

/** A bill is in every window that its period touches: windows side by side leave none out. */
async function* billEntries(reading: Reading, { meter, surveyed, window }: OfMeter): AsyncGenerator<WrittenEntry> {
  const asked = { ...EVERYTHING, updatedAfter: changedFrom(window) }
  for await (const bills of readAllBills(reading, asked, [meter]))
    for (const { row } of bills) {
      const { start, end } = row.facts
      const isWithin = end > (window.from ?? -Infinity) && start < (window.until ?? Infinity)
      if (isWithin && isChangedBefore(row.updated, window)) yield billEntry(surveyed.place, row)
    }
}

const changedFrom = ({ updatedFrom }: Window): Date | null =>
  updatedFrom === null ? null : new Date(updatedFrom * 1000)

function isChangedBefore(updated: Date, { updatedUntil }: Window): boolean {
  return updatedUntil === null || updated.getTime() < updatedUntil * 1000
}

/** The meters that ids in addresses name, as far as they are the consent's. */
export function metersOf(meters: readonly AskedMeter[], meterUid: Uid | null): AskedMeter[] {
  return meters.filter((meter) => meterUid === null || meter.meterUid === meterUid)
}
