import { notAs, notExactly, notKnown } from './keys.ts'
import type { Rule } from './rules.ts'
import { recordOf, recordsOf } from './walk.ts'

export const BASE = `service_identifier service_tariff service_class service_address meter_numbers billing_contact
  billing_address billing_account`
const BILL_BASE = `${BASE} bill_start_date bill_end_date bill_statement_date bill_total_cost bill_total_volume
  bill_total_unit bill_total_kwh`
const LINE_ITEM = 'name start end cost volume rate unit kind'
const SUPPLIER = `supplier_type supplier_name supplier_service_id supplier_tariff supplier_total_cost
  supplier_total_volume supplier_total_unit supplier_line_items`

/** Objects that typed clients read with all of their keys and no other. */
export const strictRules: readonly Rule[] = [
  {
    protects: 'a typed client that knows five keys of ongoing_monitoring, and a time in prepay',
    of: 'meter',
    faults: ({ ongoing_monitoring: monitoring }) => [
      ...notExactly(recordOf(monitoring), 'frequency prepay next_prepay next_refresh fixed_refresh_day'),
      ...notAs(recordOf(monitoring), 'prepay', (value) => value === null),
    ],
  },
  {
    protects: 'typed clients that know eight keys of a base block',
    of: 'meter',
    faults: ({ base }) => notExactly(recordOf(base), BASE),
  },
  {
    protects: 'a typed client that knows five files of a meter',
    of: 'meter',
    faults: ({ exports }) => notKnown(recordOf(exports), 'bills_csv bills_zip latest_pdf intervals_csv intervals_xml'),
  },
  {
    protects: 'typed clients that know fifteen keys of the base block of a bill',
    of: 'bill',
    faults: ({ base }) => notExactly(recordOf(base), BILL_BASE),
  },
  {
    protects: 'typed clients that know eight keys of a line item',
    of: 'bill',
    faults: ({ line_items: items, suppliers }) =>
      [items, ...recordsOf(suppliers).map((supplier) => supplier['supplier_line_items'])]
        .flatMap(recordsOf)
        .flatMap((item) => notExactly(item, LINE_ITEM)),
  },
  {
    protects: 'typed clients that know eight keys of a supplier on a bill',
    of: 'bill',
    faults: ({ suppliers }) => recordsOf(suppliers).flatMap((supplier) => notExactly(supplier, SUPPLIER)),
  },
]
