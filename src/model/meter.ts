import type { Commodity } from './series.ts'

export type Program = { code: string | null; date_type: string | null; name: string | null }
export type Supplier = {
  supplier_type: 'cca' | 'direct_access' | 'third_party'
  supplier_name: string | null
  supplier_service_id: string | null
  supplier_tariff: string | null
}

/**
 * What a feed tells of one meter (one service agreement at the utility). Null: this feed does not tell.
 * usagePoint is the utility's own key (last part of the UsagePoint's self link); feeds are joined on it.
 */
export type MeterFacts = {
  usagePoint: string
  commodity: Commodity | null
  serviceIdentifier: string | null
  serviceTariff: string | null
  /** `electric`, `res-electric`, `comm-electric`, `gas`, `res-gas`, … as the incumbent's clients expect it. */
  serviceClass: string | null
  /** What the agreement is for, where a feed tells; feeds of usage do not know it, feeds of customers not the commodity. */
  customerClass?: 'res' | 'comm' | 'agr' | 'ind' | null
  serviceAddress: string | null
  meterNumbers: string[]
  billingContact: string | null
  billingAddress: string | null
  billingAccount: string | null
  voltage: string | null
  readCycle: string | null
  programs: Program[]
  suppliers: Supplier[]
  otherDevices: { name: string | null; serial_number: string | null }[]
  status: string | null
}

/** The class of service out of what all feeds told: `res-electric`, `electric`, `gas`; null when nothing is known. */
export function serviceClassOf({ commodity, customerClass, serviceClass }: MeterFacts): string | null {
  const service = commodity === 'electricity' ? 'electric' : commodity
  if (service === null || service === 'other') return serviceClass
  return customerClass ? `${customerClass}-${service}` : (serviceClass ?? service)
}

/** A meter of which nothing is told but its key and, perhaps, its commodity. */
export function bareMeter(usagePoint: string, commodity: Commodity | null): MeterFacts {
  return {
    usagePoint,
    commodity,
    serviceIdentifier: null,
    serviceTariff: null,
    serviceClass: null,
    serviceAddress: null,
    meterNumbers: [],
    billingContact: null,
    billingAddress: null,
    billingAccount: null,
    voltage: null,
    readCycle: null,
    programs: [],
    suppliers: [],
    otherDevices: [],
    status: null,
  }
}
