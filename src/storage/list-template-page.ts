import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { cutPage, type Page } from './list-page.ts'
import type { TemplateRow } from './templates.ts'

/** What the API tells of a template, with its owner. */
export type ListedTemplate = Omit<TemplateRow, 'companyUid'> & { userEmail: string }

export type TemplateFilter = { uids: Uid[] | null; disabled: boolean | null; after: Uid | null; limit: number }

/** A company's templates, newest first, `after` exclusive. Runs under row-level security. */
export async function listTemplatePage(tx: Tx, filter: TemplateFilter): Promise<Page<ListedTemplate>> {
  const { uids, disabled, after, limit } = filter
  const { rows } = await sql<ListedTemplate>`
    select t.template_uid as "templateUid", t.member_uid as "memberUid", coalesce(m.email, '') as "userEmail", t.alias,
           t.company_name as "companyName", t.company_email as "companyEmail", t.logo_type as "logoType", t.logo,
           t.redirect_uris as "redirectUris", t.disabled, t.created, t.updated, t.purpose,
           t.data_classes as "dataClasses", t.history_months as "historyMonths", t.default_months as "defaultMonths",
           t.max_months as "maxMonths", t.auto_collect as "autoCollect", t.monitoring, t.terms_url as "termsUrl",
           t.privacy_url as "privacyUrl"
      from templates t left join members m on m.member_uid = t.member_uid
     where (${uids}::bigint[] is null or t.template_uid = any(${uids}::bigint[]))
       and (${disabled}::boolean is null or t.disabled = ${disabled}::boolean)
       and (${after}::bigint is null or t.template_uid < ${after}::bigint)
     order by t.template_uid desc limit ${limit + 1}`.execute(tx)
  return cutPage(rows, limit)
}
