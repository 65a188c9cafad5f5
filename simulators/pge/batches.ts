import { randomUUID } from 'node:crypto'
import { publishedUntil } from '../world/ledger.ts'
import { midnight } from '../world/local-days.ts'
import { announceTo, byParty } from '../kit/announce.ts'
import { activeAuthorizations, findAuthorization } from '../kit/authorizations.ts'
import type { Hooks } from '../kit/admin.ts'
import type { Answer } from '../kit/server.ts'
import type { Authorization, Delivery } from '../kit/state.ts'
import { firstParty, type Party } from '../kit/parties.ts'
import { householdOf, partyNamed, type Utility } from '../kit/utility.ts'
import { isOpen, type Window } from '../kit/window.ts'
import { customerFeed } from './customer-xml.ts'
import { batchFeed, everything, hasBlocks, type Part } from './feeds.ts'
import { atomType, makingOf, partOf, pathOf } from './making.ts'
import { customerDataIn } from './scope.ts'

/** Tells the third party where prepared data lie. Text of the notification as PG&E posts it. */
export const announce = (utility: Utility, party: Party, resources: readonly string[]): void =>
  announceTo(utility, party, {
    resources,
    render: (named) =>
      `<?xml version="1.0" encoding="UTF-8"?>\n<ns0:BatchList xmlns:ns0="http://naesb.org/espi">${named
        .map((uri) => `<ns0:resources>${uri.replaceAll('&', '&amp;')}</ns0:resources>`)
        .join('')}</ns0:BatchList>`,
  })

/** Prepares an asynchronous answer, one file of electricity and one of gas, and announces both. */
export const prepare = (
  utility: Utility,
  options: {
    party: Party
    path: string
    authorizations: readonly Authorization[]
    window: Window
    changed?: Record<string, number[]>
    kinds?: readonly string[]
  },
): void => {
  const { party, path, authorizations, window } = options
  const resources = (options.kinds ?? ['electricity', 'gas']).map((kind) => {
    const delivery: Delivery = {
      id: randomUUID(),
      kind,
      authorizations: authorizations.map((a) => a.id),
      party: party.name,
      createdAt: utility.now(),
      window: isOpen(window) ? null : { min: window.min ?? 0, max: window.max ?? Number.MAX_SAFE_INTEGER },
      days: [],
      changed: options.changed ?? {},
      path,
    }
    utility.state.deliveries[delivery.id] = delivery
    return `${pathOf(utility)}/${path}?correlationID=${delivery.id}`
  })
  forgetOld(utility)
  utility.store.save()
  announce(utility, party, resources)
}

function forgetOld(utility: Utility): void {
  const before = utility.now() - (utility.settings.retentionDays + 2) * 86_400
  for (const [id, delivery] of Object.entries(utility.state.deliveries))
    if (delivery.createdAt < before) delete utility.state.deliveries[id]
}

/** The prepared answer that a correlation id names; `reader` limits it to one authorization. */
export const fetchPrepared = (
  utility: Utility,
  id: string,
  reader: { path: string; authorization: string | null; party: Party },
): Answer => {
  const delivery = Object.hasOwn(utility.state.deliveries, id) ? utility.state.deliveries[id] : undefined
  const kept = delivery && delivery.createdAt > utility.now() - utility.settings.retentionDays * 86_400
  if (!delivery || !kept || delivery.path !== reader.path || (delivery.party ?? firstParty) !== reader.party.name)
    return { status: utility.settings.goneStatus }
  if (reader.authorization !== null && !delivery.authorizations.includes(reader.authorization)) return { status: 403 }
  const authorizations = delivery.authorizations.map((a) => findAuthorization(utility, a)).filter((a) => a !== null) // a package keeps what was put in, also after a customer has canceled
  if (delivery.kind === 'customer') return customerAnswer(utility, authorizations)
  const parts = authorizations
    .map((a) => partOf(utility, a))
    .filter((part) => part.shared.usage)
    .map((part): Part => ({ ...part, agreements: part.agreements.filter((a) => a.commodity === delivery.kind) }))
  const selection = {
    ...everything,
    window: delivery.window ?? everything.window,
    days: delivery.days,
    changed: delivery.changed ?? {},
  }
  if (!hasBlocks(utility.world, parts, selection)) return noData(utility)
  const self = `${pathOf(utility)}/${delivery.path}`
  const { mappingsOutsideEntry } = utility.settings
  return {
    status: 200,
    type: atomType,
    body: batchFeed(utility.world, makingOf(utility, 'batch'), {
      parts: parts.filter((p) => p.agreements.length > 0),
      selection,
      self,
      mappingsOutsideEntry,
    }),
  }
}

/** An answer without data. */
export const noData = (utility: Utility): Answer =>
  utility.settings.emptyStatus === 204 ? { status: 204 } : { status: 200, type: atomType, body: '' }

function customerAnswer(utility: Utility, authorizations: readonly Authorization[]): Answer {
  const feeds = authorizations.filter((a) => customerDataIn(a.data)).map((a) => customerBody(utility, a))
  return feeds.length === 0 ? noData(utility) : { status: 200, type: atomType, body: feeds.join('') }
}

export const customerBody = (utility: Utility, authorization: Authorization): string => {
  const household = householdOf(utility, authorization.login)
  if (!household) return ''
  return customerFeed(household, {
    base: pathOf(utility),
    subscription: authorization.id,
    agreements: utility.sharedOf(authorization).agreements,
    ms: makingOf(utility, 'batch').ms,
    style: utility.settings.customerStyle,
    utcNumber: utility.settings.utcNumber,
  })
}

/** The last `days` local days that are published. */
export const latestDay = (utility: Utility, days = 1): { min: number; max: number } => {
  const end = publishedUntil(utility.world, utility.now())
  return { min: midnight(end - days), max: midnight(end) - 1 }
}

export const bulkPath = (party: Party): string => `Batch/Bulk/${party.registration.bulkId}`

/** What PG&E sends by itself: the daily package, corrected days, and changes of an authorization. */
export const hooksOf = (utility: Utility): Hooks => ({
  revoked: (authorization) =>
    announce(utility, partyNamed(utility, authorization.party), [
      `${pathOf(utility)}/Authorization/${authorization.id}`,
    ]),
  corrected: (shared, { usagePoint, day }) => {
    for (const { party, authorizations } of byParty(utility, shared))
      prepare(utility, {
        party,
        path: bulkPath(party),
        authorizations,
        window: { min: 1, max: 1 },
        changed: { [usagePoint]: [day] },
      })
  },
  rebilled: () => undefined, // PG&E announces no bills: the third party asks with updated-min
  customerChanged: () => undefined, // nor new meters and addresses
  daysBegan: (from, until) => {
    const shared = activeAuthorizations(utility).filter((a) => a.data.includes('Usage'))
    const window = latestDay(utility, until - from)
    const changed = changedSince(utility, utility.now() - (until - from) * 86_400)
    for (const { party, authorizations } of byParty(utility, shared))
      if (party.dailyPush) prepare(utility, { party, path: bulkPath(party), authorizations, window, changed })
  },
})

/** Days that were corrected after `since`, by usage point. */
function changedSince(utility: Utility, since: number): Record<string, number[]> {
  const changed: Record<string, number[]> = {}
  for (const { usagePoint, day, at } of utility.state.corrections)
    if (at >= since) (changed[usagePoint] ??= []).push(day)
  return changed
}
