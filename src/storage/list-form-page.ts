import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import type { Labels } from './labels.ts'
import { cutPage, type Page } from './list-page.ts'

/** What the API tells of a form: with the alias of its template and the member who made it. */
export type ListedForm = Labels & {
  formUid: Uid
  templateUid: Uid
  alias: string
  authorizationUid: Uid | null
  memberUid: Uid
  userEmail: string
  key: string
  customerEmail: string
  utility: string
  scope: Record<string, unknown>
  isArchived: boolean
  disabled: boolean
  created: Date
  updated: Date
}

export type FormFilter = {
  uids: Uid[] | null
  templates: Uid[] | null
  users: Uid[] | null
  isArchived: boolean | null
  disabled: boolean | null
  externalId?: string | null
  after: Uid | null
  limit: number
}

/** A company's forms, newest first, `after` exclusive. Runs under row-level security. */
export async function listFormPage(tx: Tx, filter: FormFilter): Promise<Page<ListedForm>> {
  const { uids, templates, users, isArchived, disabled, externalId = null, after, limit } = filter
  const { rows } = await sql<ListedForm>`
    select f.form_uid as "formUid", f.template_uid as "templateUid", t.alias, f.authorization_uid as "authorizationUid",
           f.member_uid as "memberUid", coalesce(m.email, '') as "userEmail", f.key, f.customer_email as "customerEmail",
           f.utility, f.scope, f.is_archived as "isArchived", f.disabled, f.created, f.updated, f.external_id as "externalId", f.metadata
      from forms f
      join templates t on t.template_uid = f.template_uid
      left join members m on m.member_uid = f.member_uid
     where (${uids}::bigint[] is null or f.form_uid = any(${uids}::bigint[]))
       and (${templates}::bigint[] is null or f.template_uid = any(${templates}::bigint[]))
       and (${users}::bigint[] is null or f.member_uid = any(${users}::bigint[]))
       and (${isArchived}::boolean is null or f.is_archived = ${isArchived}::boolean)
       and (${disabled}::boolean is null or f.disabled = ${disabled}::boolean)
       and (${externalId}::text is null or f.external_id = ${externalId}::text)
       and (${after}::bigint is null or f.form_uid < ${after}::bigint)
     order by f.form_uid desc limit ${limit + 1}`.execute(tx)
  return cutPage(rows, limit)
}
