import { z } from 'zod'

import { isUid } from '../model/uid.ts'
import type { Tx } from '../storage/db.ts'
import { deleteEndpoint, editEndpoint, type EndpointRow, listEndpoints } from '../storage/webhook-endpoints.ts'
import { addEndpoint, judgeAddress } from '../webhooks/add-endpoint.ts'
import { readSecrets, secretsContext } from '../webhooks/endpoint-secrets.ts'
import { publicKeyOf } from '../webhooks/sign-delivery.ts'
import { listingOf, success } from './answers/fields.ts'
import { newWebhook, webhook } from './answers/webhook.ts'
import { ApiError, notFound } from './api-error.ts'
import type { Call, Endpoint, NativeDeps } from './endpoint.ts'
import { guarded } from './guarded.ts'
import { parseParameters } from './parameters.ts'
import { renderWebhook } from './render/webhook.ts'
import { createBody, modifyBody } from './webhook-body.ts'

const ENDPOINTS_LIMIT = 50

const none = z.object({})

/** A webhook of the caller. Throws ApiError `not_found`. */
export async function getEndpoint(tx: Tx, uid: string | undefined): Promise<EndpointRow> {
  const [row] = uid !== undefined && isUid(uid) ? await listEndpoints(tx, uid) : []
  if (!row) throw notFound()
  return row
}

function render({ envelope }: NativeDeps, row: EndpointRow) {
  return renderWebhook(row, publicKeyOf(readSecrets(envelope.openJson(row.secrets, secretsContext(row)))))
}

async function create(call: Call<NativeDeps>): Promise<Record<string, unknown>> {
  const { deps, companyUid } = call
  const { url, description, event_types: eventTypes } = parseParameters(createBody, call.body)
  const present = await deps.db.company(companyUid, (tx) => listEndpoints(tx))
  if (present.length >= ENDPOINTS_LIMIT)
    throw new ApiError('forbidden', `There are ${ENDPOINTS_LIMIT} webhooks already.`)
  const { endpointUid, secret } = await guarded('url', () =>
    addEndpoint(deps, companyUid, { url, description, eventTypes }),
  )
  const row = await deps.db.company(companyUid, (tx) => getEndpoint(tx, endpointUid))
  return { ...render(deps, row), secret }
}

async function modify(call: Call<NativeDeps>): Promise<Record<string, unknown>> {
  const { deps, companyUid, params } = call
  const { endpointUid } = await deps.db.company(companyUid, (tx) => getEndpoint(tx, params['uid']))
  const { url, description, event_types: eventTypes, state } = parseParameters(modifyBody, call.body)
  if (url !== undefined) await guarded('url', () => judgeAddress(deps, url))
  const edit = {
    ...(url === undefined ? {} : { url }),
    ...(description === undefined ? {} : { description }),
    ...(eventTypes === undefined ? {} : { eventTypes }),
    ...(state === undefined ? {} : { state }),
  }
  const row = await deps.db.company(companyUid, async (tx) => {
    await editEndpoint(tx, endpointUid, edit, deps.now())
    return await getEndpoint(tx, endpointUid)
  })
  return render(deps, row)
}

export const webhookEndpoints: readonly Endpoint<NativeDeps>[] = [
  {
    method: 'GET',
    path: '/webhooks',
    summary: 'Lists webhooks, oldest first',
    scope: 'webhooks',
    query: none,
    answer: listingOf('webhooks', webhook),
    async run({ deps, companyUid }) {
      const rows = await deps.db.company(companyUid, (tx) => listEndpoints(tx))
      return { webhooks: rows.map((row) => render(deps, row)), next: null }
    },
  },
  {
    method: 'POST',
    path: '/webhooks',
    summary: 'Adds a webhook and shows its secret, this once',
    scope: 'webhooks',
    query: none,
    body: createBody,
    answer: newWebhook,
    run: create,
  },
  {
    method: 'GET',
    path: '/webhooks/:uid',
    summary: 'Gets a webhook',
    scope: 'webhooks',
    query: none,
    answer: webhook,
    async run({ deps, companyUid, params }) {
      return render(deps, await deps.db.company(companyUid, (tx) => getEndpoint(tx, params['uid'])))
    },
  },
  {
    method: 'PATCH',
    path: '/webhooks/:uid',
    summary: 'Changes a webhook, pauses it, or enables it again',
    scope: 'webhooks',
    query: none,
    body: modifyBody,
    answer: webhook,
    run: modify,
  },
  {
    method: 'DELETE',
    path: '/webhooks/:uid',
    summary: 'Deletes a webhook with its log',
    scope: 'webhooks',
    query: none,
    answer: success,
    async run({ deps, companyUid, params }) {
      await deps.db.company(companyUid, async (tx) => {
        const { endpointUid } = await getEndpoint(tx, params['uid'])
        await deleteEndpoint(tx, endpointUid)
      })
      return { success: true }
    },
  },
]
