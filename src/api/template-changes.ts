import { z } from 'zod'

import { appendAudit } from '../storage/audit.ts'
import { codeOf, type Tx } from '../storage/db.ts'
import { listTemplatePage } from '../storage/list-template-page.ts'
import { deleteTemplate, editTemplate, insertTemplate } from '../storage/templates.ts'
import { success } from './answers/fields.ts'
import { ApiError, invalidParam } from './api-error.ts'
import type { Call, Endpoint, NativeDeps } from './endpoint.ts'
import { ownTemplate } from './extended-endpoints.ts'
import { parseParameters } from './parameters.ts'
import { refuseReserved, templateBody, templateEdit, toColumns } from './template-body.ts'
import { getTemplate, render } from './templates.ts'

const TEMPLATES_LIMIT = 200

const none = z.object({})
const taken = (): ApiError => invalidParam('portal', 'is taken')

/** What the database refuses, as the answer that it means. */
async function refusing<T>(code: string, refusal: () => ApiError, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw codeOf(error) === code ? refusal() : error
  }
}

function requireOrder({ defaultMonths, maxMonths }: { defaultMonths: number; maxMonths: number }): void {
  if (defaultMonths > maxMonths) throw invalidParam('default_months', 'must not be more than max_months')
}

async function audit(tx: Tx, call: Call, action: string, templateUid: string): Promise<void> {
  const { companyUid, deps, memberUid: by } = call
  await appendAudit(tx, { actor: 'company', action, companyUid, now: deps.now(), details: { templateUid, by } })
}

async function create(call: Call<NativeDeps>): Promise<Record<string, unknown>> {
  const { deps, companyUid, memberUid } = call
  const given = parseParameters(templateBody, call.body)
  refuseReserved(given.company_name, deps.utilities)
  const columns = { ...toColumns(given), logoType: given.company_logo && ('image/png' as const) }
  requireOrder(columns)
  const now = deps.now()
  return await deps.db.company(companyUid, async (tx) => {
    const page = await listTemplatePage(tx, { uids: null, disabled: null, after: null, limit: TEMPLATES_LIMIT - 1 })
    if (page.hasMore) throw new ApiError('forbidden', `There are ${TEMPLATES_LIMIT} templates already.`)
    const made = await insertTemplate(tx, { ...columns, companyUid, memberUid, created: now, updated: now })
    if (!made) throw taken()
    await audit(tx, call, 'template_made', made.templateUid)
    return render(await getTemplate(tx, made.templateUid), call)
  })
}

async function change(call: Call<NativeDeps>): Promise<Record<string, unknown>> {
  const { deps, companyUid, params } = call
  const work = async (tx: Tx): Promise<Record<string, unknown>> => {
    const { templateUid } = await getTemplate(tx, params['uid'] ?? '')
    const given = parseParameters(templateEdit, call.body)
    if (given.company_name !== undefined) refuseReserved(given.company_name, deps.utilities)
    await editTemplate(tx, templateUid, toColumns(given), deps.now())
    const changed = await getTemplate(tx, templateUid)
    requireOrder(changed)
    await audit(tx, call, 'template_changed', templateUid)
    return render(changed, call)
  }
  return await refusing('23505', taken, () => deps.db.company(companyUid, work))
}

const inUse = (): ApiError =>
  new ApiError('forbidden', 'Forms or customers on their way need this template. Disable it instead.')

export const templateChangeEndpoints: readonly Endpoint<NativeDeps>[] = [
  {
    method: 'POST',
    path: '/templates',
    summary: 'Makes a template, from which forms are made',
    scope: 'forms',
    query: none,
    body: templateBody,
    answer: ownTemplate,
    run: create,
  },
  {
    method: 'PATCH',
    path: '/templates/:uid',
    summary: 'Changes a template; who agreed already agreed to what was shown then',
    scope: 'forms',
    query: none,
    body: templateEdit,
    answer: ownTemplate,
    run: change,
  },
  {
    method: 'DELETE',
    path: '/templates/:uid',
    summary: 'Deletes a template that nothing needs',
    scope: 'forms',
    query: none,
    answer: success,
    async run(call) {
      const { deps, companyUid, params } = call
      const work = async (tx: Tx): Promise<void> => {
        const { templateUid } = await getTemplate(tx, params['uid'] ?? '')
        await deleteTemplate(tx, templateUid)
        await audit(tx, call, 'template_deleted', templateUid)
      }
      await refusing('23503', inUse, () => deps.db.company(companyUid, work))
      return { success: true }
    },
  },
]
