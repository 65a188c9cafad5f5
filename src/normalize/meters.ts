import type { UsagePointTree } from '../espi/resolve-links.ts'
import type { Wire } from '../espi/resources.ts'
import { bareMeter, type MeterFacts, type Program, serviceClassOf, type Supplier } from '../model/meter.ts'
import type { Commodity } from '../model/series.ts'
import { formatExact } from '../units/exact.ts'
import { oneLineAddress } from './address.ts'
import { commodityOf, serviceCommodity } from './codes.ts'
import type { Agreement } from './customers.ts'
import { toQuantity } from './quantity.ts'

/**
 * What a feed tells of each meter: usage points, and service agreements, joined where one feed has both. null where this feed
 * does not tell, so that what another feed told stays.
 */
export function normalizeMeters(trees: readonly UsagePointTree[], agreements: readonly Agreement[]): MeterFacts[] {
  const meters = new Map<string, MeterFacts>()
  for (const tree of trees) meters.set(tree.key, fromUsagePoint(tree))
  for (const agreement of agreements) {
    const known = meters.get(agreement.usagePoint) ?? bareMeter(agreement.usagePoint, null)
    meters.set(agreement.usagePoint, withAgreement(known, agreement))
  }
  return [...meters.values()]
}

function fromUsagePoint(tree: UsagePointTree): MeterFacts {
  const point = tree.entry?.content.value
  const commodity = serviceCommodity(point?.ServiceCategory?.kind) ?? commodityOfReadings(tree)
  const latest = tree.summaries.map(({ value }) => value).sort((a, b) => startOf(a) - startOf(b))
  return {
    ...bareMeter(tree.key, null),
    commodity,
    serviceTariff:
      point?.serviceDeliveryPoint?.tariffProfile ??
      latest.findLast(({ tariffProfile }) => tariffProfile !== null)?.tariffProfile ??
      null,
    serviceClass: serviceClassOf({ ...bareMeter(tree.key, null), commodity }),
    voltage: voltageOf(point),
    readCycle: point?.readCycle ?? latest.findLast(({ readCycle }) => readCycle !== null)?.readCycle ?? null,
    programs: programsOf(point, latest),
    suppliers: latest.flatMap(({ billingChargeSource }) => agency(billingChargeSource?.agencyName ?? null)).slice(-1),
    status: point?.status === 1 ? 'active' : point?.status === 0 ? 'inactive' : null,
  }
}

const startOf = (summary: Wire<'UsageSummary'>): number => summary.billingPeriod?.start ?? 0

function commodityOfReadings(tree: UsagePointTree): Commodity | null {
  for (const { type } of tree.readings) {
    const commodity = type === null ? 'other' : commodityOf(type.commodity, null, type.uom === 72 ? 'Wh' : null)
    if (commodity !== 'other') return commodity
  }
  for (const { value } of tree.summaries) if (value.commodity !== null) return commodityOf(value.commodity, null, null)
  return null
}

function voltageOf(point: Wire<'UsagePoint'> | undefined): string | null {
  const nominal = point?.nominalServiceVoltage
  if (nominal == null || nominal.value === null) return null
  const volts = toQuantity({ ...nominal, uom: nominal.uom ?? 29 })
  return volts === null ? null : formatExact({ digits: BigInt(volts.value), exponent: volts.exponent })
}

function programsOf(point: Wire<'UsagePoint'> | undefined, summaries: readonly Wire<'UsageSummary'>[]): Program[] {
  const riders = [point?.serviceDeliveryPoint?.tariffRiderRefs, summaries.at(-1)?.tariffRiderRefs]
  return unique(
    riders.flatMap((refs) =>
      [...(refs?.tariffRiderRef ?? []), ...(refs?.riderType ? [refs] : [])].map(({ riderType, enrollmentStatus }) => ({
        code: riderType,
        date_type: enrollmentStatus,
        name: riderType,
      })),
    ),
  )
}

function unique(programs: Program[]): Program[] {
  return [...new Map(programs.map((program) => [JSON.stringify(program), program])).values()]
}

const agency = (name: string | null): Supplier[] =>
  name === null ? [] : [{ supplier_type: 'cca', supplier_name: name, supplier_service_id: null, supplier_tariff: null }]

/** Agreement types (PG&E writes RES, COM, AGR, IND or Other) to the prefix that the incumbent's clients know. */
const CLASSES: Readonly<Record<string, NonNullable<MeterFacts['customerClass']>>> = {
  RES: 'res',
  COM: 'comm',
  AGR: 'agr',
  IND: 'ind',
}

function withAgreement(meter: MeterFacts, facts: Agreement): MeterFacts {
  const { agreement, account, locations, meters, devices } = facts
  const address = locations.map(({ mainAddress }) => oneLineAddress(mainAddress)).find((line) => line !== null)
  const numbers = meters.flatMap(({ serialNumber, utcNumber, name }) => serialNumber ?? utcNumber ?? name ?? [])
  const customerClass = CLASSES[agreement?.type?.toUpperCase() ?? ''] ?? null
  return {
    ...meter,
    serviceIdentifier: agreement?.name ?? agreement?.agreementId ?? meter.serviceIdentifier,
    serviceTariff: meter.serviceTariff ?? agreement?.PricingStructures[0] ?? null,
    customerClass,
    serviceClass: serviceClassOf({ ...meter, customerClass }),
    serviceAddress: address ?? null,
    meterNumbers: [...new Set([...meter.meterNumbers, ...numbers])],
    billingContact: account?.contact ?? null,
    billingAddress: account?.address ?? null,
    billingAccount: account?.number ?? null,
    programs: unique([...meter.programs, ...agreementPrograms(facts)]),
    suppliers: [...meter.suppliers, ...suppliersOf(facts)],
    otherDevices: devices.map(({ name, type, serialNumber }) => ({ name: name ?? type, serial_number: serialNumber })),
    status: agreement?.docStatus?.value?.toLowerCase() ?? agreement?.status?.value?.toLowerCase() ?? meter.status,
  }
}

function agreementPrograms({ agreement, programs }: Agreement): Program[] {
  const demandResponse = (agreement?.DemandResponseProgram ?? []).map(({ programName, enrollmentStatus }) => ({
    code: null,
    date_type: enrollmentStatus,
    name: programName,
  }))
  const dated = programs.flatMap(({ programDateIdMapping }) =>
    programDateIdMapping.map(({ code, programDateType, name }) => ({ code, date_type: programDateType, name })),
  )
  return [...demandResponse, ...dated]
}

/**
 * Who supplies the energy, when it is not the utility itself: a load-serving entity or retailer with a name, or with another
 * issuer than the one that reads the meter. SCE lists itself in all three roles; that is no supplier.
 */
function suppliersOf({ suppliers }: Agreement): Supplier[] {
  const own = new Set(
    suppliers.filter(({ kind }) => kind === 'mdma' || kind === 'msp' || kind === 'utility').map(issuer),
  )
  return suppliers
    .filter((supplier) => supplier.kind === 'lse' || supplier.kind === 'retailer')
    .filter((supplier) => nameOf(supplier) !== null || (issuer(supplier) !== null && !own.has(issuer(supplier))))
    .map((supplier) => ({
      supplier_type: supplier.kind === 'retailer' ? 'direct_access' : 'third_party',
      supplier_name: nameOf(supplier) ?? issuer(supplier),
      supplier_service_id: null,
      supplier_tariff: null,
    }))
}

const issuer = (supplier: Wire<'ServiceSupplier'>): string | null => supplier.issuerIdentificationNumber
const nameOf = (supplier: Wire<'ServiceSupplier'>): string | null =>
  supplier.name ?? supplier.Organisation?.organisationName ?? null
