import { z } from 'zod'

import { isUid } from '../model/uid.ts'
import type { Tx } from '../storage/db.ts'
import type { EventRow } from '../storage/events.ts'
import { listEventPage, setEventDelivered } from '../storage/list-event-page.ts'
import { notFound } from './api-error.ts'
import type { Endpoint } from './endpoint.ts'
import { listing } from './listing.ts'
import { bodyFlag, flag, paging, parseParameters } from './parameters.ts'
import { renderEvent } from './render/event.ts'
import { event } from './answers/event.ts'
import { listingOf } from './answers/fields.ts'

const query = z.object({ ...paging, is_delivered: flag })
const modifyBody = z.object({ is_delivered: bodyFlag.nullish() })

async function getEvent(tx: Tx, uid: string): Promise<EventRow> {
  const filter = { uids: [uid], isDelivered: null, after: null, limit: 1 }
  const { rows } = isUid(uid) ? await listEventPage(tx, filter) : { rows: [] }
  if (!rows[0]) throw notFound()
  return rows[0]
}

export const eventEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/events',
    summary: 'Lists events, newest first',
    scope: 'read',
    query: query,
    answer: listingOf('events', event),
    async run(call) {
      const { is_delivered: isDelivered, ...filter } = parseParameters(query, call.query)
      const page = await call.deps.db.company(call.companyUid, (tx) =>
        listEventPage(tx, { ...filter, uids: null, isDelivered }),
      )
      return listing(call, '/events', page, {
        plural: 'events',
        uidOf: ({ eventUid }) => eventUid,
        render: renderEvent,
      })
    },
  },
  {
    method: 'GET',
    path: '/events/:uid',
    summary: 'Gets an event',
    scope: 'read',
    query: z.object({}),
    answer: event,
    async run({ deps, companyUid, params: { uid = '' } }) {
      return renderEvent(await deps.db.company(companyUid, (tx) => getEvent(tx, uid)))
    },
  },
  {
    method: 'PATCH',
    path: '/events/:uid',
    summary: 'Marks an event as delivered, or not',
    scope: 'webhooks',
    query: z.object({}),
    body: modifyBody,
    answer: event,
    async run({ deps, companyUid, body, params: { uid = '' } }) {
      const marked = await deps.db.company(companyUid, async (tx) => {
        const known = await getEvent(tx, uid)
        const { is_delivered } = parseParameters(modifyBody, body)
        if (typeof is_delivered === 'boolean') await setEventDelivered(tx, known, is_delivered)
        return await getEvent(tx, uid)
      })
      return renderEvent(marked)
    },
  },
]
