import type { EventRow } from '../../storage/events.ts'
import { platformTime } from './times.ts'

/**
 * Event, utilityapi.md 6.9: with the uids of what it is about and no others. delivery_target must be an address or
 * empty; it is empty until a webhook has been told.
 */
export function renderEvent(event: EventRow): Record<string, unknown> {
  const target = event.details['delivery_target']
  return {
    uid: event.eventUid,
    type: event.type,
    ts: platformTime(event.ts),
    delivery_method: 'webhook',
    delivery_target: typeof target === 'string' ? target : '',
    is_delivered: event.isDelivered,
    ...subject(event),
  }
}

/** An event of an authorization or meter is not about the form, though its row may name it. */
function subject({ authorizationUid, meterUid, formUid }: EventRow): Record<string, string> {
  if (authorizationUid === '0') return formUid === null ? {} : { form_uid: formUid }
  return { authorization_uid: authorizationUid, ...(meterUid === null ? {} : { meter_uid: meterUid }) }
}
