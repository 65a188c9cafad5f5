import { z } from 'zod'

import { exportsList, exportsOf, listingOf, note, text, textOrNull, time, uid } from './fields.ts'
import { meter } from './meter.ts'

/** Authorization: what one customer agreed to at one utility. `meters` is there with `include=meters` only. */
export const authorization = z
  .strictObject({
    uid,
    created: time,
    customer_signature: z.strictObject({ type: text, ts: time, full_name: text }),
    customer_email: text,
    declined: time.nullable(),
    is_declined: z.boolean(),
    expires: time,
    is_expired: z.boolean(),
    exports: exportsOf('bills_combined_csv', 'billing_summaries_csv', 'meters_csv'),
    exports_list: exportsList,
    template_uid: uid.nullable(),
    form_uid: uid.nullable(),
    referrals: z.array(text),
    is_archived: z.boolean(),
    is_test: z.boolean(),
    scope: z.record(text, z.unknown()),
    nickname: textOrNull,
    notes: z.array(note),
    revoked: time.nullable(),
    is_revoked: z.boolean(),
    status: z.enum(['pending', 'updated', 'errored']),
    status_message: text,
    status_ts: time,
    user_uid: uid,
    user_email: text,
    user_status: z.literal('active'),
    utility: text,
    meters: listingOf('meters', meter).optional(),
  })
  .meta({ id: 'Authorization' })
