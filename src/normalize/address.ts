import type { Wire } from '../espi/resources.ts'

type StreetAddress = NonNullable<Wire<'ServiceLocation'>['mainAddress']>

/**
 * An address on one line: `140 HAN RD, KING CITY CA 95101`. null when it holds nothing. PG&E writes the ZIP code as the
 * town's code, SCE and the standard as postalCode.
 */
export function oneLineAddress(address: StreetAddress | null | undefined): string | null {
  if (address === null || address === undefined) return null
  const { streetDetail: street, townDetail: town } = address
  const box = address.poBox === null ? null : `PO BOX ${address.poBox}`
  const line = words(
    street?.number,
    street?.prefix,
    street?.name,
    street?.type,
    street?.suffix,
    street?.buildingName,
    street?.suiteNumber,
    street?.addressGeneral,
    street?.addressGeneral2,
    street?.addressGeneral3,
    box,
  )
  const place = words(town?.name, town?.stateOrProvince, address.postalCode ?? town?.code)
  return [line, place].filter((part) => part !== '').join(', ') || null
}

function words(...parts: (string | null | undefined)[]): string {
  return parts.filter((part) => part !== null && part !== undefined && part !== '').join(' ')
}
