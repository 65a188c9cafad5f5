/**
 * The addresses of a tree, by the rules that tie it together: a child's `up` is a `related` of its parent, and `up` is `self`
 * without its last segment. base: up to `…/espi/1_1/resource`. Compared as text by those who read, so always written the same.
 */
export type Address = { self: string; up: string }

const under = (collection: string, id: string): Address => ({
  self: `${collection}/${encodeURIComponent(id)}`,
  up: collection,
})

export const localTimeAddress = (base: string, id: string): Address => under(`${base}/LocalTimeParameters`, id)
export const readingTypeAddress = (base: string, id: string): Address => under(`${base}/ReadingType`, id)

/** A usage point with the collections below it; the first two and its LocalTimeParameters are its related links. */
export function usagePointAddress(base: string, subscription: string, id: string) {
  const address = under(`${base}/Subscription/${encodeURIComponent(subscription)}/UsagePoint`, id)
  return {
    ...address,
    meterReadings: `${address.self}/MeterReading`,
    usageSummaries: `${address.self}/UsageSummary`,
    meterReading: (reading: string) => meterReadingAddress(`${address.self}/MeterReading`, reading),
    usageSummary: (summary: string): Address => under(`${address.self}/UsageSummary`, summary),
  }
}

function meterReadingAddress(collection: string, id: string) {
  const address = under(collection, id)
  const intervalBlocks = `${address.self}/IntervalBlock`
  return { ...address, intervalBlocks, intervalBlock: (block: string): Address => under(intervalBlocks, block) }
}

type CustomerTree = readonly ['Customer', 'CustomerAccount', 'CustomerAgreement', 'ServiceLocation', 'Meter']
const TREE: CustomerTree = ['Customer', 'CustomerAccount', 'CustomerAgreement', 'ServiceLocation', 'Meter']

/** The address of the resource that the ids lead to: Customer, then CustomerAccount, CustomerAgreement, ServiceLocation, Meter. */
export function customerAddress(base: string, retailCustomer: string, ids: readonly string[]): Address {
  return ids
    .slice(0, TREE.length)
    .reduce<Address>(
      (parent, id, depth) => under(`${parent.self}/${TREE[depth] ?? ''}`, id),
      under(`${base}/RetailCustomer`, retailCustomer),
    )
}

/** A supplier stands beside the service location. */
export const supplierAddress = (agreement: Address, id: string): Address =>
  under(`${agreement.self}/ServiceSupplier`, id)
