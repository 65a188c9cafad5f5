import type { Agreement } from '../world/household.ts'
import type { Answer } from '../kit/server.ts'
import type { Authorization } from '../kit/state.ts'
import type { Utility } from '../kit/utility.ts'
import { noData } from './batches.ts'
import { blocksOf, type Part, type Selection, summaryEntries } from './feeds.ts'
import { atomType, makingOf, partOf, pathOf } from './making.ts'
import {
  blockStart,
  type Channel,
  channelsOf,
  intervalBlockEntry,
  type Making,
  meterReadingEntry,
  usagePointEntry,
} from './usage-xml.ts'
import { feedEnd, feedStart, nested } from './xml.ts'

type Call = { authorization: Authorization | null; selection: Selection; rest: string }

type Target = { utility: Utility; part: Part; making: Making; selection: Selection; self: string }

const forbidden: Answer = { status: 403, type: 'application/json', body: '{"error":"Forbidden"}' }

/** Subscription/{s}/UsagePoint and everything below it: one resource, or a feed of them. */
export const answerSubscription = (utility: Utility, { authorization, selection, rest }: Call): Answer => {
  if (!authorization) return forbidden
  const part = partOf(utility, authorization)
  const self = `${pathOf(utility)}/Subscription/${authorization.id}/${rest}`
  const target: Target = { utility, part, making: makingOf(utility, 'resource'), selection, self }
  const [, usagePoint, collection, id, below, block] = rest.split('/').map(decode)
  if (usagePoint === undefined)
    return feed(
      target,
      part.agreements.map((a) => usagePointEntry(target.making, part.subscription, a)),
    )
  const agreement = part.agreements.find((a) => a.id === usagePoint)
  if (!agreement) return forbidden
  if (collection === undefined) return one(usagePointEntry(target.making, part.subscription, agreement))
  if (collection === 'UsageSummary') return summaries(target, agreement, id)
  if (collection === 'MeterReading') return meterReadings(target, agreement, { id, below, block })
  return { status: 404, type: 'text/plain', body: `No listener for endpoint: ${rest}` }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const one = (body: string): Answer => ({ status: 200, type: atomType, body })

function feed({ making, self }: Target, entries: Iterable<string>): Answer {
  function* pieces(): Generator<string> {
    yield feedStart('resource', { title: 'Green Button Usage Feed', self, ms: making.ms })
    for (const entry of entries) yield nested(entry)
    yield feedEnd
  }
  return { status: 200, type: atomType, body: pieces() }
}

function summaries(target: Target, agreement: Agreement, id: string | undefined): Answer {
  const { utility, part, making, selection } = target
  if (!part.shared.bills) return forbidden
  const wanted = id?.replaceAll(/\D/g, '')
  const entries = summaryEntries(utility.world, making, {
    part,
    agreement,
    selection,
    thousands: utility.settings.summaryThousands,
  })
  if (wanted !== undefined) {
    const found = entries.find((e) => e.id === wanted)
    return found ? one(found.text) : { status: 404, type: 'application/json', body: '{"error":"Not Found"}' }
  }
  if (entries.length === 0) return noData(utility)
  const self = `${pathOf(utility)}/LocalTimeParameters` // what the real feed calls itself
  return feed(
    { ...target, self },
    entries.map((e) => e.text),
  )
}

type Deeper = { id: string | undefined; below: string | undefined; block: string | undefined }

function meterReadings(target: Target, agreement: Agreement, { id, below, block }: Deeper): Answer {
  const { utility, part, making, selection } = target
  if (!part.shared.usage) return forbidden
  const channels = channelsOf(agreement, making.places.withMeter)
  const entryOf = (channel: Channel): string => meterReadingEntry(making, part.subscription, channel)
  if (id === undefined) return feed(target, channels.map(entryOf))
  const channel = channels.find((c) => making.places.meterReading(c) === id)
  if (channel === undefined) return forbidden
  if (below === undefined) return one(entryOf(channel))
  if (below !== 'IntervalBlock') return { status: 404, type: 'text/plain', body: `No listener for endpoint: ${below}` }
  const blocks = blocksOf(utility.world, part.shared, { channel, selection })
  if (block !== undefined) {
    const found = blocks.find((b) => String(blockStart(agreement, b.day)) === block)
    return found
      ? one(intervalBlockEntry(making, part.subscription, found))
      : { status: 404, type: 'application/json', body: '{"error":"Not Found"}' }
  }
  const first = blocks.next()
  if (first.done) return noData(utility)
  function* entries(): Generator<string> {
    if (!first.done) yield intervalBlockEntry(making, part.subscription, first.value)
    for (const next of blocks) yield intervalBlockEntry(making, part.subscription, next)
  }
  return feed(target, entries())
}
