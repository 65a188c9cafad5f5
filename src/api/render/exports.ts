import type { ListedAuthorization } from '../../storage/list-authorization-page.ts'
import type { ListedMeter } from '../../storage/list-meter-page.ts'

/** The blocks `exports` (name to address) and `exports_list` of an object: files that are there, and no others. */
export type Exports = { exports: Record<string, string>; exports_list: { name: string; link: string }[] }

/**
 * The files of a meter that has what is in them. `exports` keeps to names of the incumbent, since a client knows five keys and no other;
 * `exports_list` has more. There is never a PDF: no utility's Green Button has one.
 */
export function meterExports({ meterUid, billCount, intervalCount }: ListedMeter, publicUrl: string): Exports {
  const address = (file: string): string => `${publicUrl}/api/v2/files/${file}?meters=${meterUid}`
  const exports: Record<string, string> = {
    ...(billCount > 0 ? { bills_csv: address('meters_bills_csv') } : {}),
    ...(intervalCount > 0 ? { intervals_csv: address('intervals_csv') } : {}),
    ...(intervalCount + billCount > 0 ? { intervals_xml: address('intervals_xml') } : {}),
  }
  return withList(exports, billCount > 0 ? { lineitems_csv: address('meters_lineitems_csv') } : {})
}

type Owner = Pick<ListedAuthorization, 'authorizationUid' | 'hasMeters' | 'hasBills' | 'hasSummaries'>

/** The files of all meters of an authorization. */
export function authorizationExports(
  { authorizationUid, hasMeters, hasBills, hasSummaries }: Owner,
  publicUrl: string,
): Exports {
  const files = `${publicUrl}/api/v2/files`
  const exports: Record<string, string> = {
    ...(hasBills ? { bills_combined_csv: `${files}/meters_bills_csv?authorizations=${authorizationUid}` } : {}),
    ...(hasSummaries
      ? { billing_summaries_csv: `${files}/billing_summaries_csv?authorizations=${authorizationUid}` }
      : {}),
    ...(hasMeters ? { meters_csv: `${files}/meters_csv?accounts=${authorizationUid}` } : {}),
  }
  return withList(exports, {})
}

function withList(exports: Record<string, string>, more: Record<string, string>): Exports {
  return { exports, exports_list: Object.entries({ ...exports, ...more }).map(([name, link]) => ({ name, link })) }
}
