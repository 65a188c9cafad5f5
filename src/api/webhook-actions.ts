import { z } from 'zod'

import type { Uid } from '../model/uid.ts'
import type { Tx } from '../storage/db.ts'
import { listDeliveries, resendDeliveries } from '../storage/deliveries.ts'
import { appendEvent } from '../storage/events.ts'
import { listEventPage } from '../storage/list-event-page.ts'
import { cutPage } from '../storage/list-page.ts'
import { resendSpan } from '../storage/resend-events.ts'
import { rotateSecret } from '../webhooks/add-endpoint.ts'
import { count, listingOf, uid as anyUid } from './answers/fields.ts'
import { rotation, webhookDelivery } from './answers/webhook.ts'
import { ApiError, invalidParam, notFound } from './api-error.ts'
import type { Call, Endpoint, NativeDeps } from './endpoint.ts'
import { listing } from './listing.ts'
import { paging, parseParameters } from './parameters.ts'
import { platformTime } from './render/times.ts'
import { renderDelivery } from './render/webhook.ts'
import { resendBody, rotateBody } from './webhook-body.ts'
import { getEndpoint } from './webhooks.ts'

const RESEND_MS = 30 * 86_400_000
const HOUR_MS = 3_600_000

const none = z.object({})
const logQuery = z.object({ ...paging })

async function resend(call: Call<NativeDeps>): Promise<Record<string, unknown>> {
  const { deps, companyUid, params } = call
  const now = deps.now()
  return await deps.db.company(companyUid, async (tx) => {
    const { endpointUid } = await getEndpoint(tx, params['uid'])
    const { event_uid, since, until } = parseParameters(resendBody, call.body)
    if (event_uid !== undefined && since === undefined && until === undefined)
      return { success: true, events: await resendOne(tx, endpointUid, event_uid, now) }
    if (event_uid !== undefined || since === undefined)
      throw invalidParam('event_uid', 'give either event_uid, or since and perhaps until')
    const span = { since: new Date(since), until: until === undefined ? now : new Date(until), now }
    if (now.getTime() - span.since.getTime() > RESEND_MS) throw invalidParam('since', 'is more than 30 days ago')
    return { success: true, events: await resendSpan(tx, endpointUid, span) }
  })
}

async function resendOne(tx: Tx, endpointUid: Uid, eventUid: Uid, now: Date): Promise<number> {
  const { rows } = await listEventPage(tx, { uids: [eventUid], isDelivered: null, after: null, limit: 1 })
  const [event] = rows
  if (!event) throw invalidParam('event_uid', 'there is no such event')
  if (now.getTime() - event.ts.getTime() > RESEND_MS) throw invalidParam('event_uid', 'is more than 30 days old')
  return await resendDeliveries(tx, endpointUid, { events: [event], now })
}

export const webhookActionEndpoints: readonly Endpoint<NativeDeps>[] = [
  {
    method: 'POST',
    path: '/webhooks/:uid/ping',
    summary: 'Sends a webhook an event of type ping',
    scope: 'webhooks',
    query: none,
    answer: z.strictObject({ success: z.literal(true), event_uid: anyUid }),
    async run({ deps, companyUid, params }) {
      return await deps.db.company(companyUid, async (tx) => {
        const { endpointUid, state } = await getEndpoint(tx, params['uid'])
        if (state !== 'enabled') throw new ApiError('forbidden', `This webhook is ${state}. Enable it first.`)
        const event = { type: 'ping', companyUid, onlyTo: endpointUid, now: deps.now() }
        return { success: true, event_uid: await appendEvent(tx, event) }
      })
    },
  },
  {
    method: 'POST',
    path: '/webhooks/:uid/rotate-secret',
    summary: 'Gives a webhook a new secret and shows it, this once',
    scope: 'webhooks',
    query: none,
    body: rotateBody,
    answer: rotation,
    async run({ deps, companyUid, body, params }) {
      const { endpointUid } = await deps.db.company(companyUid, (tx) => getEndpoint(tx, params['uid']))
      const overlapMs = parseParameters(rotateBody, body).overlap_hours * HOUR_MS
      const secret = await rotateSecret(deps, companyUid, { endpointUid, overlapMs })
      if (secret === null) throw notFound()
      return { secret, previous_valid_until: platformTime(new Date(deps.now().getTime() + overlapMs)) }
    },
  },
  {
    method: 'GET',
    path: '/webhooks/:uid/deliveries',
    summary: 'Lists what was sent to a webhook in 30 days, newest event first',
    scope: 'webhooks',
    query: logQuery,
    answer: listingOf('deliveries', webhookDelivery),
    async run(call) {
      const { deps, companyUid, params } = call
      const { endpointUid, rows } = await deps.db.company(companyUid, async (tx) => {
        const { endpointUid } = await getEndpoint(tx, params['uid'])
        const { after, limit } = parseParameters(logQuery, call.query)
        const found = await listDeliveries(tx, { endpointUid, before: after, limit: limit + 1 })
        return { endpointUid, rows: cutPage(found, limit) }
      })
      return listing(call, `/webhooks/${endpointUid}/deliveries`, rows, {
        plural: 'deliveries',
        uidOf: ({ eventUid }) => eventUid,
        render: renderDelivery,
      })
    },
  },
  {
    method: 'POST',
    path: '/webhooks/:uid/resend',
    summary: 'Sends a webhook one event, or those of a span of time, once more',
    scope: 'webhooks',
    query: none,
    body: resendBody,
    answer: z.strictObject({ success: z.literal(true), events: count }),
    run: resend,
  },
]
