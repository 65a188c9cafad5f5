import { type RawBuilder, sql } from 'kysely'

import { authorizationOf, type Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** What a company writes on its own objects to find them again: its own id (not unique: it is theirs), and words. */
export type Labels = { externalId: string | null; metadata: Record<string, string> }

/** What is not given stays. */
export type LabelEdit = Partial<Labels>

export async function labelForm(tx: Tx, formUid: Uid, edit: LabelEdit, now: Date): Promise<void> {
  await sql`update forms set ${changed(edit)}, updated = ${now} where form_uid = ${formUid}`.execute(tx)
}

export async function labelAuthorization(tx: Tx, authorizationUid: Uid, edit: LabelEdit, now: Date): Promise<void> {
  await sql`
    update authorizations set ${changed(edit)}, updated = ${now}
     where authorization_uid = ${authorizationUid}`.execute(tx)
}

export async function labelMeter(tx: Tx, meterUid: Uid, edit: LabelEdit, now: Date): Promise<void> {
  await sql`
    update meters set ${changed(edit)}, updated = ${now}
     where authorization_uid = ${authorizationOf(meterUid)} and meter_uid = ${meterUid}`.execute(tx)
}

/** The labels of a form; null when there is no such form. */
export async function findFormLabels(tx: Tx, formUid: Uid): Promise<Labels | null> {
  const { rows } = await sql<Labels>`
    select external_id as "externalId", metadata from forms where form_uid = ${formUid}`.execute(tx)
  return rows[0] ?? null
}

function changed({ externalId, metadata }: LabelEdit): RawBuilder<unknown> {
  const written = metadata === undefined ? null : JSON.stringify(metadata)
  return sql`
    external_id = case when ${externalId !== undefined} then ${externalId ?? null}::text else external_id end,
    metadata = coalesce(${written}::jsonb, metadata)`
}
