import type { AskedMeter } from '../api/data-query.ts'
import { momentOf } from '../api/render/espi-feed.ts'
import { cut } from '../api/render/espi-summary.ts'
import { blank, blankOf } from '../espi/blank.ts'
import { RESOURCES } from '../espi/resources.ts'
import { entryBelow } from '../espi/write/entry-below.ts'
import type { WrittenEntry } from '../espi/write/write-feed.ts'
import type { MeterFacts } from '../model/meter.ts'
import type { RunningConsent } from '../storage/client-consents.ts'
import { type CustodianDeps, resourceBase } from './custodian-deps.ts'

type Feed = { deps: CustodianDeps; consent: RunningConsent }
type About = Parameters<typeof entryBelow>[2]

/**
 * The customer feed: accounts with the agreements of their meters. Only the classes `meters` and `accounting` are of people: without
 * the first nothing of a meter is told, without the second no number, name or address of an account. Ids are uids, so that no
 * address tells anything of a person. Source: customer.xsd 4.0.
 */
export function customerEntries(feed: Feed, meters: readonly AskedMeter[]): WrittenEntry[] {
  const { deps, consent } = feed
  const moment = momentOf(consent.agreed)
  const about = (title: string): About => ({ title, published: moment, updated: moment })
  const parent = `${resourceBase(deps)}/RetailCustomer/${consent.authorizationUid}`
  const place = { parent, id: consent.authorizationUid, holds: ['CustomerAccount'] } as const
  const customer = entryBelow(place, { kind: 'Customer', value: blank('Customer') }, about('Customer'))
  const accounts = Map.groupBy(meters, ({ facts, meterUid }) => facts.billingAccount ?? `of ${meterUid}`)
  return [
    customer,
    ...[...accounts.values()].flatMap((of) => accountEntries(feed, { customer: customer.self, of, about })),
  ]
}

type OfAccount = { customer: string; of: readonly AskedMeter[]; about: (title: string) => About }

/** An account has the uid of its first meter. */
function accountEntries({ deps, consent }: Feed, { customer, of, about }: OfAccount): WrittenEntry[] {
  const [first] = of
  if (!first) return []
  const isTold = consent.dataClasses.includes('accounting')
  const value = isTold ? accountOf(first.facts) : blank('CustomerAccount')
  const place = { parent: customer, id: first.meterUid, holds: ['CustomerAgreement'] } as const
  const account = entryBelow(place, { kind: 'CustomerAccount', value }, about('Account'))
  if (!consent.dataClasses.includes('meters')) return [account]
  return [account, ...of.flatMap((meter) => agreementEntries(deps, account.self, meter, about))]
}

function accountOf({ billingAccount, billingContact, billingAddress }: MeterFacts) {
  const contact = blankOf(RESOURCES.CustomerAccount.contactInfo)
  const isKnown = billingContact !== null || billingAddress !== null
  return {
    ...blank('CustomerAccount'),
    name: nameOf(billingAccount),
    contactInfo: isKnown
      ? { ...contact, organisationName: cut(billingContact), streetAddress: addressOf(billingAddress) }
      : null,
    accountId: cut(billingAccount),
  }
}

function agreementEntries(
  deps: CustodianDeps,
  account: string,
  { authorizationUid, meterUid, facts }: AskedMeter,
  about: OfAccount['about'],
): WrittenEntry[] {
  const below = { parent: account, id: meterUid, holds: ['ServiceLocation', 'ServiceSupplier'] } as const
  const agreement = entryBelow(below, { kind: 'CustomerAgreement', value: agreementOf(facts) }, about('Agreement'))
  const usagePoint = `${resourceBase(deps)}/Subscription/${authorizationUid}/UsagePoint/${meterUid}`
  const value = {
    ...blank('ServiceLocation'),
    mainAddress: addressOf(facts.serviceAddress),
    UsagePoints: [{ UsagePoint: [usagePoint] }],
  }
  const place = { parent: agreement.self, id: meterUid, holds: ['Meter'] } as const
  const location = entryBelow(place, { kind: 'ServiceLocation', value }, about('Service location'))
  const meters = facts.meterNumbers.map((number, at) =>
    entryBelow(
      { parent: location.self, id: String(at + 1) },
      { kind: 'Meter', value: { ...blank('Meter'), serialNumber: cut(number) } },
      about('Meter'),
    ),
  )
  const suppliers = facts.suppliers.flatMap(({ supplier_name: name, supplier_type: type }, at) => {
    // A community's supplier stands in the summaries of the usage feed.
    if (name === null || type === 'cca') return []
    const kind = type === 'direct_access' ? 'retailer' : 'lse'
    const supplier = { ...blank('ServiceSupplier'), name: nameOf(name), kind }
    const id = { parent: agreement.self, id: String(at + 1) }
    return [entryBelow(id, { kind: 'ServiceSupplier', value: supplier }, about('Supplier'))]
  })
  return [agreement, location, ...meters, ...suppliers]
}

/** As PG&E writes the kinds of agreements, and normalize/meters.ts reads them. */
const TYPES: Record<string, string> = { res: 'RES', comm: 'COM', agr: 'AGR', ind: 'IND' }

function agreementOf({ serviceIdentifier, customerClass, serviceClass, status }: MeterFacts) {
  const known = customerClass ?? serviceClass?.split('-')[0] ?? ''
  return {
    ...blank('CustomerAgreement'),
    name: nameOf(serviceIdentifier),
    type: TYPES[known] ?? null,
    status: status === null ? null : { ...blankOf(RESOURCES.CustomerAgreement.status), value: cut(status) },
    agreementId: cut(serviceIdentifier),
  }
}

/** Utilities give addresses in parts, and we keep the line. */
function addressOf(line: string | null) {
  if (line === null) return null
  const { mainAddress } = RESOURCES.ServiceLocation
  const street = { ...blankOf(mainAddress.streetDetail), addressGeneral: cut(line) }
  return { ...blankOf(mainAddress), streetDetail: street }
}

/** `name` holds 64 characters; what is longer stands in the other element alone. */
const nameOf = (text: string | null): string | null => (text === null || text.length > 64 ? null : text)
