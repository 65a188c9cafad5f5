import { isAddress, isCount, isFlag, isText, missing, notAs, words } from './keys.ts'
import type { Rule } from './rules.ts'
import { BASE } from './strict-rules.ts'
import { isRecord, recordsOf } from './walk.ts'

const METER = `uid authorization_uid created user_email user_uid is_archived is_activated is_expanded notes status
  status_message status_ts ongoing_monitoring utility bill_count bill_coverage bill_sources interval_count
  interval_coverage interval_sources exports exports_list blocks`
const AUTHORIZATION = `uid created customer_email is_declined expires is_expired exports is_archived is_test notes
  is_revoked scope status status_message status_ts user_email user_uid user_status utility`

const isList = (value: unknown): boolean => Array.isArray(value)

/** exports_list of a meter or an authorization. */
const badExports = ({ exports_list: list }: Record<string, unknown>): string[] =>
  recordsOf(list).flatMap((file) => [...notAs(file, 'name', isText), ...notAs(file, 'link', isAddress)])

/** What EDDIE, a Java client, cannot read: it demands keys, and takes every key of a meter that it does not know for a block. */
export const eddieRules: readonly Rule[] = [
  {
    protects: 'EDDIE, which demands these keys of a meter',
    of: 'meter',
    faults: (meter) => [
      ...missing(meter, METER),
      ...notAs(
        meter,
        'uid authorization_uid created user_email user_uid status status_message status_ts utility',
        isText,
      ),
      ...notAs(meter, 'is_archived is_activated is_expanded', isFlag),
      ...notAs(meter, 'bill_count interval_count', isCount),
      ...notAs(
        meter,
        'notes bill_coverage bill_sources interval_coverage interval_sources exports_list blocks',
        isList,
      ),
      ...notAs(meter, 'ongoing_monitoring exports', isRecord),
      ...badExports(meter),
    ],
  },
  {
    protects: 'EDDIE, which takes every further key of a meter for a block with the eight keys of base',
    of: 'meter',
    faults: (meter) =>
      Object.entries(meter)
        .filter(([key]) => !words(METER).includes(key))
        .flatMap(([key, block]) =>
          (isRecord(block) ? missing(block, BASE) : ['no object']).map((fault) => `${key}: ${fault}`),
        ),
  },
  {
    protects: 'clients that look up the blocks that a meter names',
    of: 'meter',
    faults: (meter) => [meter['blocks']].flat().flatMap((name) => (isText(name) ? missing(meter, name) : ['no name'])),
  },
  {
    protects: 'EDDIE, which demands these keys of an authorization',
    of: 'authorization',
    faults: (authorization) => [
      ...missing(authorization, AUTHORIZATION),
      ...notAs(authorization, 'is_declined is_expired is_archived is_test is_revoked', isFlag),
      ...notAs(authorization, 'uid created customer_email expires status status_message status_ts', isText),
      ...notAs(authorization, 'user_email user_uid user_status utility', isText),
      ...notAs(authorization, 'exports scope', isRecord),
      ...notAs(authorization, 'notes', isList),
      ...badExports(authorization),
    ],
  },
  {
    protects: 'EDDIE, which demands these keys of an event',
    of: 'event',
    faults: (event) => [
      ...missing(event, 'uid type ts delivery_method delivery_target is_delivered'),
      ...notAs(event, 'uid type ts delivery_method delivery_target', isText),
      ...notAs(event, 'is_delivered', isFlag),
    ],
  },
]
