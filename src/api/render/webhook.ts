import type { z } from 'zod'

import type { DeliveryRow } from '../../storage/deliveries.ts'
import type { EndpointRow } from '../../storage/webhook-endpoints.ts'
import type { webhook, webhookDelivery } from '../answers/webhook.ts'
import { platformTime, platformTimeOrNull } from './times.ts'

/** Webhook of API v3. */
export function renderWebhook(row: EndpointRow, publicKey: string): z.output<typeof webhook> {
  return {
    uid: row.endpointUid,
    url: row.url,
    description: row.description,
    event_types: row.eventTypes,
    state: row.state,
    state_reason: row.stateReason,
    failing_since: platformTimeOrNull(row.failingSince),
    slow_until: platformTimeOrNull(row.slowUntil),
    public_key: publicKey,
    created: platformTime(row.created),
    updated: platformTime(row.updated),
  }
}

/** WebhookDelivery of API v3. */
export function renderDelivery(row: DeliveryRow): z.output<typeof webhookDelivery> {
  return {
    event_uid: row.eventUid,
    authorization_uid: row.authorizationUid === '0' ? null : row.authorizationUid,
    state: row.state,
    attempts: row.attempts,
    next_try: row.state === 'owed' ? platformTime(row.nextTry) : null,
    created: platformTime(row.created),
    log: row.log.map(({ ts, status, error, ms }) => ({ ts: platformTime(new Date(ts)), status, error, ms })),
  }
}
