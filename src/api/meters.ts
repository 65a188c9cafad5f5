import { z } from 'zod'

import { isUid } from '../model/uid.ts'
import type { Tx } from '../storage/db.ts'
import { archiveMeter } from '../storage/edit-meter.ts'
import { labelMeter } from '../storage/labels.ts'
import { findMeter, type ListedMeter, listMeterPage } from '../storage/list-meter-page.ts'
import { notFound } from './api-error.ts'
import { type Call, type Endpoint, zoneOf } from './endpoint.ts'
import { readExternalId, readLabelEdit, renderLabels } from './labels.ts'
import { listing } from './listing.ts'
import { bodyFlag, flag, paging, parseParameters, textList, uidList, updatedAfter } from './parameters.ts'
import { renderMeter } from './render/meter.ts'
import { listingOf } from './answers/fields.ts'
import { meter } from './answers/meter.ts'

const including = { include: textList, expand_meter_blocks: flag }

const oneQuery = z.object(including)

const query = z.object({
  ...paging,
  ...including,
  uids: uidList,
  authorizations: uidList,
  users: uidList,
  utility: textList,
  is_activated: flag,
  is_archived: flag,
  is_monitored: flag,
  updated_after: updatedAfter,
})

const modifyBody = z.object({ is_archived: bodyFlag.nullish() })

/** A meter of the caller. Throws ApiError `not_found`. */
export async function getMeter(tx: Tx, uid: string): Promise<ListedMeter> {
  const row = isUid(uid) ? await findMeter(tx, uid) : null
  if (row === null) throw notFound()
  return row
}

function render(row: ListedMeter, call: Call, include: string[] | null): Record<string, unknown> {
  const { deps } = call
  const withBlocks = include?.includes('blocks') ?? false
  return {
    ...renderMeter(row, { zone: zoneOf(deps, row.utility), withBlocks, publicUrl: deps.publicUrl }),
    ...renderLabels(row, call),
  }
}

export const meterEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/meters',
    summary: 'Lists meters, newest first',
    scope: 'read',
    query: query,
    answer: listingOf('meters', meter),
    async run(call) {
      const { deps, companyUid } = call
      const given = parseParameters(query, call.query)
      const filter = {
        ...given,
        utilities: given.utility,
        isActivated: given.is_activated,
        isArchived: given.is_archived ?? (given.uids === null ? false : null),
        isMonitored: given.is_monitored,
        updatedAfter: given.updated_after,
        externalId: readExternalId(call),
      }
      const page = await deps.db.readCompany(companyUid, (tx) => listMeterPage(tx, filter))
      return listing(call, '/meters', page, {
        plural: 'meters',
        uidOf: ({ meterUid }) => meterUid,
        render: (row) => render(row, call, given.include),
      })
    },
  },
  {
    method: 'GET',
    path: '/meters/:uid',
    summary: 'Gets a meter',
    scope: 'read',
    query: oneQuery,
    answer: meter,
    async run(call) {
      const { include } = parseParameters(oneQuery, call.query)
      const row = await call.deps.db.readCompany(call.companyUid, (tx) => getMeter(tx, call.params['uid'] ?? ''))
      return render(row, call, include)
    },
  },
  {
    method: 'PATCH',
    path: '/meters/:uid',
    summary: 'Archives a meter',
    scope: 'authorizations',
    query: oneQuery,
    body: modifyBody,
    answer: meter,
    async run(call) {
      const { deps, companyUid, body, params } = call
      const { uid = '' } = params
      const { include } = parseParameters(oneQuery, call.query)
      const row = await deps.db.company(companyUid, async (tx) => {
        await getMeter(tx, uid)
        const { is_archived } = parseParameters(modifyBody, body)
        const labels = readLabelEdit(call)
        if (typeof is_archived === 'boolean') await archiveMeter(tx, uid, is_archived, deps.now())
        if (labels) await labelMeter(tx, uid, labels, deps.now())
        return await getMeter(tx, uid)
      })
      return render(row, call, include)
    },
  },
]
