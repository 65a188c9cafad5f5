import { announceTo, byParty } from '../kit/announce.ts'
import { activeAuthorizations, findAuthorization } from '../kit/authorizations.ts'
import type { Hooks } from '../kit/admin.ts'
import type { Answer } from '../kit/server.ts'
import type { Authorization, Delivery } from '../kit/state.ts'
import { firstParty, type Party } from '../kit/parties.ts'
import { householdOf, linkOrigin, partyNamed, type Utility } from '../kit/utility.ts'
import { billedPeriods } from '../world/periods.ts'
import type { Agreement } from '../world/household.ts'
import { billedUntil, publishedDays } from '../world/ledger.ts'
import { dayOf, isoDate, midnight } from '../world/local-days.ts'
import { lettersOf } from '../world/random.ts'
import { customerFile } from './customer-file.ts'
import { type Account, usageFile } from './usage-file.ts'

/** The RetailCustomer key of the files, nine characters; the token answer's customerResourceURI ends with it. */
export const customerKey = (utility: Utility, login: string): string =>
  lettersOf(9, householdOf(utility, login)?.index ?? 0, 41_000_003)

export const resourceBase = (utility: Utility): string => `${linkOrigin(utility)}/DataCustodian/espi/1_1/resource`

const addressOf = (utility: Utility, file: string): string => {
  const bulkId = file.slice(0, file.indexOf('_'))
  const { sftpAddress } = utility.settings
  return sftpAddress === null ? `${resourceBase(utility)}/Batch/Bulk/${bulkId}/${file}` : `${sftpAddress}/${file}`
}

/** Posts one notification with all the addresses. */
export const announce = (utility: Utility, party: Party, resources: readonly string[]): void =>
  announceTo(utility, party, {
    resources,
    render: (named) =>
      `<?xml version="1.0" encoding="UTF-8"?>\n<BatchList xmlns="http://naesb.org/espi">\n${named.map((uri) => `  <resources>${uri}</resources>\n`).join('')}</BatchList>\n`,
  })

const isKept = (utility: Utility, file: Delivery): boolean =>
  file.createdAt > utility.now() - utility.settings.retentionDays * 86_400

/** Says again which files are still there. */
export const announceKept = (utility: Utility, party: Party): void =>
  announce(
    utility,
    party,
    Object.values(utility.state.deliveries)
      .filter((file) => isKept(utility, file) && (file.party ?? firstParty) === party.name)
      .map((file) => addressOf(utility, file.id)),
  )

type FileOptions = Pick<Delivery, 'kind' | 'authorizations'> &
  Partial<Pick<Delivery, 'since' | 'days' | 'usagePoint' | 'periods'>>

/** `{BulkID}_{tag}_{YYYYMMDD}_{HHMMSS}_{n}.XML`, Pacific time; n counts files of the same second. */
function write(utility: Utility, party: Party, options: FileOptions): string {
  const now = utility.now()
  const day = dayOf(now)
  const clock = new Date((now - midnight(day)) * 1000).toISOString().slice(11, 19).replaceAll(':', '')
  const tag = { customer: 'RCUST', revenue: 'REVQ' }[options.kind] ?? utility.settings.unbilledTag
  const stem = `${party.registration.bulkId}_${tag}_${isoDate(day).replaceAll('-', '')}_${clock}`
  let n = 1
  while (Object.hasOwn(utility.state.deliveries, `${stem}_${n}.XML`)) n++
  const id = `${stem}_${n}.XML`
  utility.state.deliveries[id] = { id, createdAt: now, window: null, days: [], path: id, party: party.name, ...options }
  for (const [name, file] of Object.entries(utility.state.deliveries))
    if (!isKept(utility, file)) delete utility.state.deliveries[name]
  utility.store.save()
  return addressOf(utility, id)
}

/**
 * Sends what the authorizations have not been sent yet: customer data with the first delivery, bills with their
 * validated intervals, and unbilled intervals. One file per kind holds all of them.
 */
export const deliverPending = (utility: Utility, party: Party, authorizations: readonly Authorization[]): string[] => {
  const now = utility.now()
  const due = authorizations.filter((a) => isDue(utility, a, now))
  const since = Object.fromEntries(due.map((a) => [a.id, a.deliveredAt]))
  for (const authorization of due) authorization.deliveredAt = now
  const first = due.filter((a) => since[a.id] === null && a.data.includes('customer'))
  const written: string[] = []
  if (first.length > 0)
    written.push(write(utility, party, { kind: 'customer', authorizations: first.map((a) => a.id) }))
  for (const kind of ['revenue', 'unbilled'] as const) {
    const file = { kind, authorizations: due.map((a) => a.id), since }
    const holders = file.authorizations.filter(
      (id) => accountsOf(utility, { ...file, authorizations: [id], asOf: now }).length > 0,
    )
    if (holders.length > 0) written.push(write(utility, party, { ...file, authorizations: holders }))
  }
  utility.store.save()
  return written
}

/** Verified, and with something the chosen frequency lets go out: monthly data wait for the bill. */
function isDue(utility: Utility, authorization: Authorization, now: number): boolean {
  if (authorization.deliveredAt === null)
    return now >= authorization.createdAt + utility.settings.verificationMinutes * 60
  if (authorization.frequencies?.['usage'] !== 'monthly') return true
  const since = authorization.deliveredAt
  const { agreements } = utility.sharedOf(authorization)
  return agreements.some((agreement) => billedPeriods(agreement, now).some((p) => p.issuedAt > since))
}

type Contents = Pick<Delivery, 'kind' | 'authorizations'> &
  Partial<Pick<Delivery, 'since' | 'days' | 'usagePoint' | 'periods'>> & { asOf: number }

/** The service accounts of a usage file with their days and bills; those without either are left out. */
function accountsOf(utility: Utility, file: Contents): Account[] {
  return file.authorizations.flatMap((id) => {
    const authorization = findAuthorization(utility, id)
    if (!authorization) return [] // a file keeps what was put in, also after a customer has canceled
    const shared = utility.sharedOf(authorization)
    return shared.agreements
      .filter((agreement) => file.usagePoint === undefined || agreement.id === file.usagePoint)
      .map((agreement): Account => {
        const about = file.since
          ? newSince(utility, { agreement, since: file.since[id] ?? null, file })
          : named(agreement, file)
        const details = file.kind === 'revenue' && shared.bills ? about.periods : []
        const days = shared.usage ? about.days : []
        // The unbilled file, too, names the total of the latest bill.
        const total = shared.bills && (file.kind === 'unbilled' ? days.length > 0 : details.length > 0)
        const customer = customerKey(utility, authorization.login)
        return { customer, agreement, days, summaries: { details, total } }
      })
      .filter((account) => account.days.length > 0 || account.summaries.details.length > 0)
  })
}

const range = (from: number, until: number): number[] =>
  Array.from({ length: Math.max(0, until - from) }, (_, n) => from + n)

function newSince(
  utility: Utility,
  of: { agreement: Agreement; since: number | null; file: Contents },
): { days: number[]; periods: number[] } {
  const { agreement, since, file } = of
  const fresh = billedPeriods(agreement, file.asOf).filter((p) => since === null || p.issuedAt > since)
  if (file.kind === 'revenue')
    return { days: fresh.flatMap((p) => range(p.start, p.end)), periods: fresh.map((p) => p.start) }
  const { until } = publishedDays(utility.world, agreement, file.asOf)
  const sent = since === null ? agreement.firstDay : publishedDays(utility.world, agreement, since).until
  return { days: range(Math.max(sent, billedUntil(agreement, file.asOf)), until), periods: [] }
}

function named(agreement: Agreement, file: Contents): { days: number[]; periods: number[] } {
  const periods = billedPeriods(agreement, file.asOf).filter((p) => (file.periods ?? []).includes(p.start))
  return {
    days: [...(file.days ?? []), ...(file.days?.length ? [] : periods.flatMap((p) => range(p.start, p.end)))],
    periods: periods.map((p) => p.start),
  }
}

/** A file by its name: 404 when it is not or no longer there. */
export const fetchFile = (utility: Utility, party: Party, name: string): Answer => {
  const file = Object.hasOwn(utility.state.deliveries, name) ? utility.state.deliveries[name] : undefined
  if (!file || (file.party ?? firstParty) !== party.name || !isKept(utility, file))
    return { status: utility.settings.goneStatus, type: 'text/plain', body: 'File not found' }
  if (file.kind !== 'customer')
    return {
      status: 200,
      type: 'application/xml',
      body: usageFile(utility.world, {
        name,
        revenue: file.kind === 'revenue',
        asOf: file.createdAt,
        accounts: accountsOf(utility, { ...file, asOf: file.createdAt }),
      }),
    }
  const customers = file.authorizations.flatMap((id) => {
    const authorization = findAuthorization(utility, id)
    const household = householdOf(utility, authorization?.login ?? '')
    if (!authorization || !household) return []
    return [
      {
        key: customerKey(utility, authorization.login),
        household,
        agreements: utility.sharedOf(authorization).agreements,
      },
    ]
  })
  return { status: 200, type: 'application/xml', body: customerFile({ name, asOf: file.createdAt, customers }) }
}

export const hooksOf = (utility: Utility): Hooks => ({
  revoked: (authorization) =>
    announce(utility, partyNamed(utility, authorization.party), [
      `${resourceBase(utility)}/Authorization/${authorization.id}`,
    ]),
  corrected: (shared, { usagePoint, day }) => {
    for (const { party, authorizations } of byParty(utility, shared)) {
      const written = deliverPending(utility, party, authorizations)
      const agreement = authorizations.flatMap((a) => utility.sharedOf(a).agreements).find((a) => a.id === usagePoint)
      const period = agreement && billedPeriods(agreement, utility.now()).find((p) => day >= p.start && day < p.end)
      const file: FileOptions = {
        kind: period ? 'revenue' : 'unbilled',
        authorizations: authorizations.map((a) => a.id),
        usagePoint,
        days: [day],
        periods: period ? [period.start] : [],
      }
      announce(utility, party, [...written, write(utility, party, file)])
    }
  },
  rebilled: (shared, { usagePoint, periodStart }) => {
    for (const { party, authorizations } of byParty(utility, shared)) {
      const written = deliverPending(utility, party, authorizations)
      const ids = authorizations.map((a) => a.id)
      const file: FileOptions = { kind: 'revenue', authorizations: ids, usagePoint, periods: [periodStart] }
      announce(utility, party, [...written, write(utility, party, file)])
    }
  },
  customerChanged: (shared) => {
    for (const { party, authorizations } of byParty(
      utility,
      shared.filter((a) => a.data.includes('customer')),
    ))
      announce(utility, party, [
        write(utility, party, { kind: 'customer', authorizations: authorizations.map((a) => a.id) }),
      ])
  },
  daysBegan: () => {
    for (const { party, authorizations } of byParty(utility, activeAuthorizations(utility)))
      if (party.dailyPush) announce(utility, party, deliverPending(utility, party, authorizations))
  },
})
