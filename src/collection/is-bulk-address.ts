import type { RegistrationRow } from '../storage/registrations.ts'
import { utilityOf } from '../utilities/index.ts'
import { resolveAddresses } from '../utilities/registration.ts'

/**
 * True for the address of bulk data of this registration, as its profile writes it and nothing beside it: a file by its
 * name (`…/Batch/Bulk/{b}/{name}`), or a prepared package (`…/Batch/Bulk/{b}?correlationID=…`, utilities.md A8). Nothing
 * else that a notification names is fetched for everybody.
 */
export function isBulkAddress(
  {
    utility,
    environment,
    addresses,
    bulkId,
  }: Pick<RegistrationRow, 'utility' | 'environment' | 'addresses' | 'bulkId'>,
  address: string,
): boolean {
  const { espi } = utilityOf(utility)
  if (bulkId === null || !URL.canParse(address)) return false
  const url = new URL(address)
  const base = resolveAddresses(utilityOf(utility), environment, addresses).resourceBase.replace(/\/+$/, '')
  const below = (path: string): string => `${base}/${path.replace('{b}', encodeURIComponent(bulkId))}`
  if (espi.delivery === 'bulk-files') {
    const [head = ''] = below(espi.paths.bulkFile ?? '{f}').split('{f}')
    if (espi.fileNamePattern === null || url.search !== '' || !url.href.startsWith(head)) return false
    return new RegExp(espi.fileNamePattern).test(url.href.slice(head.length))
  }
  if (espi.delivery !== 'usage-point-windows' || espi.paths.bulk === null) return false
  const names = [...url.searchParams.keys()].map((name) => name.toLowerCase())
  return `${url.origin}${url.pathname}` === below(espi.paths.bulk) && names.length === 1 && names[0] === 'correlationid'
}
