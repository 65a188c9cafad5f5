import { z } from 'zod'

import { localTime, note, numberOrNull, source, text, textOrNull, uid } from './fields.ts'

/** BillingAccount: what a utility bills together. */
export const billingAccount = z
  .strictObject({
    uid,
    authorization_uid: uid,
    meter_uids: z.array(uid),
    notes: z.array(note),
    statement_dates: z.array(localTime),
    blocks: z.array(text),
    base: z.strictObject({ billing_contact: textOrNull, billing_address: textOrNull, billing_account: textOrNull }),
    sources: z.array(source),
  })
  .meta({ id: 'BillingAccount' })

/** BillingSummary: the charges of one statement. */
export const billingSummary = z
  .strictObject({
    uid,
    billing_account_uid: uid,
    authorization_uid: uid,
    meter_uids: z.array(uid),
    notes: z.array(note),
    blocks: z.array(text),
    base: z.strictObject({
      amount_due: numberOrNull,
      amount_due_date: localTime.nullable(),
      new_balance_amount: numberOrNull,
      new_charges_amount: numberOrNull,
      previous_balance_amount: numberOrNull,
      previous_balance_unpaid: numberOrNull,
      previous_payment_amount: numberOrNull,
      statement_date: localTime.nullable(),
    }),
    new_charges: z.array(z.strictObject({ name: text, cost: z.number() })),
    sources: z.array(source),
  })
  .meta({ id: 'BillingSummary' })
