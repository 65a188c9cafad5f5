import type { z } from 'zod'

import type { ClientRow } from '../../storage/clients.ts'
import type { client } from '../answers/client.ts'
import { platformTime, platformTimeOrNull } from './times.ts'

/** Client of API v3. */
export function renderClient(row: ClientRow): z.output<typeof client> {
  return {
    uid: row.clientUid,
    name: row.name,
    client_id: row.clientId,
    redirect_uris: row.redirectUris,
    data_classes: row.dataClasses,
    notify_uri: row.notifyUri,
    notify_state: row.notifyState,
    notify_state_reason: row.notifyReason,
    notify_failing_since: platformTimeOrNull(row.failingSince),
    notify_log: row.notifyLog.map(({ ts, ...attempt }) => ({ ts: platformTime(new Date(ts)), ...attempt })),
    created: platformTime(row.created),
    updated: platformTime(row.updated),
  }
}
