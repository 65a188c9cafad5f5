import type { Entry } from '../espi/entry.ts'
import { lastSegment, segmentAfter } from '../espi/href.ts'
import type { Wire } from '../espi/resources.ts'
import type { BillingAccountFacts } from '../model/decoded-feed.ts'
import { oneLineAddress } from './address.ts'

/** One service agreement with what hangs on it. usagePoint: the key under which usage feeds name the same agreement. */
export type Agreement = {
  usagePoint: string
  agreement: Wire<'CustomerAgreement'> | null
  account: Account | null
  locations: Wire<'ServiceLocation'>[]
  meters: Wire<'Meter'>[]
  devices: Wire<'EndDevice'>[]
  suppliers: Wire<'ServiceSupplier'>[]
  programs: Wire<'ProgramDateIdMappings'>[]
}

export type Account = { number: string; contact: string | null; address: string | null }

/** The customer feed's people: what only the classes `meters` and `accounting` may see. */
export type CustomerFacts = { agreements: Agreement[]; billingAccounts: BillingAccountFacts[] }

/**
 * Puts the customer resources of a feed together. They hang together by their addresses only
 * (`…/Customer/c/CustomerAccount/a/CustomerAgreement/g/ServiceLocation/l/Meter/m`); order does not matter. An agreement is joined
 * to its usage point by ServiceLocation.UsagePoints where given, else by its own id, which at PG&E and SCE is the usage
 * point's. Source: customer.xsd 4.0.
 */
export function readCustomers(entries: readonly Entry[]): CustomerFacts {
  const people = new Map<string, Wire<'Customer'>>()
  const accounts = new Map<string, Account & { usagePoints: string[] }>()
  for (const { self, content } of entries)
    if (content?.kind === 'Customer') people.set(segmentAfter(self, 'Customer') ?? '', content.value)
  for (const { self, content } of entries) {
    if (content?.kind !== 'CustomerAccount') continue
    const customer =
      people.get(segmentAfter(self, 'Customer') ?? '') ?? (people.size === 1 ? [...people.values()][0] : undefined)
    const account = toAccount(content.value, segmentAfter(self, 'CustomerAccount'), customer)
    if (account !== null)
      accounts.set(segmentAfter(self, 'CustomerAccount') ?? account.number, { ...account, usagePoints: [] })
  }
  const agreements = readAgreements(entries, accounts)
  const byNumber = new Map([...accounts.values()].map((account) => [account.number, account]))
  for (const { usagePoint, account } of agreements) {
    const facts = byNumber.get(account?.number ?? '')
    if (facts !== undefined && !facts.usagePoints.includes(usagePoint)) facts.usagePoints.push(usagePoint)
  }
  const billingAccounts = [...accounts.values()].map(({ number, contact, address, usagePoints }) => ({
    accountNumber: number,
    billingContact: contact,
    billingAddress: address,
    usagePoints,
  }))
  return { agreements, billingAccounts }
}

function toAccount(
  value: Wire<'CustomerAccount'>,
  id: string | null,
  customer: Wire<'Customer'> | undefined,
): Account | null {
  const number = value.name ?? value.accountId ?? id
  if (number === null) return null
  const { contactInfo } = value
  const organisation = customer?.Organisation
  return {
    number,
    contact:
      customer?.name ??
      customer?.customerName ??
      contactInfo?.organisationName ??
      organisation?.organisationName ??
      null,
    address:
      oneLineAddress(contactInfo?.postalAddress) ??
      oneLineAddress(contactInfo?.streetAddress) ??
      oneLineAddress(organisation?.postalAddress) ??
      oneLineAddress(organisation?.streetAddress),
  }
}

function readAgreements(entries: readonly Entry[], accounts: Map<string, Account>): Agreement[] {
  const found = new Map<string, Agreement>()
  const only = accounts.size === 1 ? [...accounts.values()][0] : undefined
  for (const { self, up, content } of entries) {
    const id = segmentAfter(self, 'CustomerAgreement') ?? segmentAfter(up, 'CustomerAgreement')
    if (content === null || id === null) continue
    const account = accounts.get(segmentAfter(self ?? up, 'CustomerAccount') ?? '') ?? only ?? null
    const agreement = found.get(id) ?? emptyAgreement(id, account)
    found.set(id, agreement)
    if (content.kind === 'CustomerAgreement') agreement.agreement = content.value
    else if (content.kind === 'ServiceLocation') {
      agreement.locations.push(content.value)
      const href = content.value.UsagePoints[0]?.UsagePoint[0]
      if (href !== undefined) agreement.usagePoint = segmentAfter(href, 'UsagePoint') ?? lastSegment(href) ?? id
    } else if (content.kind === 'Meter') agreement.meters.push(content.value)
    else if (content.kind === 'EndDevice') agreement.devices.push(content.value)
    else if (content.kind === 'ServiceSupplier') agreement.suppliers.push(content.value)
    else if (content.kind === 'ProgramDateIdMappings') agreement.programs.push(content.value)
  }
  return [...found.values()]
}

function emptyAgreement(usagePoint: string, account: Account | null): Agreement {
  return { usagePoint, agreement: null, account, locations: [], meters: [], devices: [], suppliers: [], programs: [] }
}
