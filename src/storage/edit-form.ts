import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import type { FormRow } from './forms.ts'

export type FormEdit = Partial<
  Pick<FormRow, 'templateUid' | 'authorizationUid' | 'customerEmail' | 'utility' | 'scope' | 'isArchived' | 'disabled'>
>

/** Changes what is given of a form and leaves the rest; false when the company has no such form. */
export async function editForm(tx: Tx, formUid: Uid, edit: FormEdit, now: Date): Promise<boolean> {
  const scope = edit.scope === undefined ? null : JSON.stringify(edit.scope)
  const { numAffectedRows } = await sql`
    update forms
       set template_uid = coalesce(${edit.templateUid ?? null}::bigint, template_uid),
           authorization_uid = case when ${edit.authorizationUid !== undefined} then ${edit.authorizationUid ?? null}::bigint
             else authorization_uid end,
           customer_email = coalesce(${edit.customerEmail ?? null}::text, customer_email),
           utility = coalesce(${edit.utility ?? null}::text, utility),
           scope = coalesce(${scope}::jsonb, scope),
           is_archived = coalesce(${edit.isArchived ?? null}::boolean, is_archived),
           disabled = coalesce(${edit.disabled ?? null}::boolean, disabled),
           updated = ${now}
     where form_uid = ${formUid}`.execute(tx)
  return numAffectedRows === 1n
}

/**
 * Deletes a form; its link is dead at once, a customer who already went to the utility finishes. False: no such form.
 */
export async function deleteForm(tx: Tx, formUid: Uid): Promise<boolean> {
  await sql`update flows set form_uid = null where form_uid = ${formUid}`.execute(tx)
  const { numAffectedRows } = await sql`delete from forms where form_uid = ${formUid}`.execute(tx)
  return numAffectedRows === 1n
}
