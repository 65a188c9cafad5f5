import { setTimeout as wait } from 'node:timers/promises'
import { notificationModeOf } from './faults.ts'
import type { Fault } from './faults/contract.ts'
import type { Posting } from './faults/notifications.ts'
import type { Settings } from './settings.ts'

export type Notification = {
  at: string
  resources: string[]
  attempts: number
  status: number | string | null
  fault: string | null
}

/** Posts notifications to the third party and tries again on anything but 2xx. */
export type Notifier = {
  sent: Notification[]
  send(options: {
    to: string
    resources: string[]
    render: (resources: readonly string[]) => string
    settings: Settings
    fault: Fault | null
    now: number
  }): void
  /** Resolves when nothing is waiting or under way. */
  idle(): Promise<void>
  close(): void
}

type Attempt = { to: string; posting: Posting; settings: Settings; entry: Notification }

export const createNotifier = (): Notifier => {
  const sent: Notification[] = []
  const timers = new Set<NodeJS.Timeout>()
  const running = new Set<Promise<void>>()
  const closing = new AbortController()
  const held: Attempt[] = []

  const attempt = async (one: Attempt): Promise<void> => {
    if (closing.signal.aborted) return
    const { entry, settings } = one
    entry.attempts++
    try {
      entry.status = await post(one, closing.signal)
      if (entry.status >= 200 && entry.status < 300) return release()
    } catch (error) {
      entry.status = error instanceof Error ? error.message : String(error)
    }
    const next = settings.notifyRetryMs[entry.attempts - 1]
    if (next !== undefined) later(next, () => attempt(one))
  }

  /** What was held back goes out after something else has arrived. */
  const release = (): void => {
    for (const one of held.splice(0)) later(one.posting.delayMs, () => attempt(one))
  }

  const later = (ms: number, work: () => Promise<void>): void => {
    if (closing.signal.aborted) return
    const timer = setTimeout(() => {
      timers.delete(timer)
      const run = work().finally(() => running.delete(run))
      running.add(run)
    }, ms)
    timers.add(timer)
  }

  return {
    sent,
    send({ to, resources, render, settings, fault, now }) {
      const right: Posting = {
        resources,
        body: render(resources),
        type: 'application/atom+xml',
        copies: 1,
        delayMs: settings.notifyDelayMs,
        held: false,
        pingFirst: false,
        dripMs: 0,
      }
      const posting = fault ? { ...right, ...notificationModeOf(fault)?.post(right, fault, render) } : right
      const entry: Notification = {
        at: new Date(now * 1000).toISOString(),
        resources: posting.resources.slice(0, 100),
        attempts: 0,
        status: null,
        fault: fault?.mode ?? null,
      }
      sent.push(entry)
      if (sent.length > 500) sent.shift()
      if (posting.held) held.push({ to, posting, settings, entry })
      for (let copy = 0; copy < (posting.held ? 0 : posting.copies); copy++)
        later(posting.delayMs + 5 * copy, () =>
          attempt({ to, posting, settings, entry: copy === 0 ? entry : { ...entry, attempts: 0 } }),
        )
    },
    async idle() {
      while (timers.size > 0 || running.size > 0) {
        await Promise.allSettled(running)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    close() {
      closing.abort()
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
    },
  }
}

async function post({ to, posting }: Attempt, closing: AbortSignal): Promise<number> {
  const signal = AbortSignal.any([closing, AbortSignal.timeout(15_000)])
  if (posting.pingFirst) await (await fetch(to, { signal, redirect: 'manual' })).arrayBuffer()
  const answer = await fetch(to, {
    method: 'POST',
    headers: { 'content-type': posting.type },
    signal,
    redirect: 'manual',
    ...(posting.dripMs > 0
      ? { body: ReadableStream.from(pieces(posting.body, posting.dripMs)), duplex: 'half' }
      : { body: posting.body }),
  })
  await answer.arrayBuffer()
  return answer.status
}

async function* pieces(body: string, pauseMs: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(body)
  for (let at = 0; at < bytes.length; at += 100) {
    yield bytes.subarray(at, at + 100)
    await wait(pauseMs)
  }
}
