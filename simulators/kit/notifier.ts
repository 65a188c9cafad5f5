import type { Fault } from './faults.ts'
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

export const createNotifier = (): Notifier => {
  const sent: Notification[] = []
  const timers = new Set<NodeJS.Timeout>()
  const running = new Set<Promise<void>>()
  const closing = new AbortController()

  const attempt = async (to: string, body: string, settings: Settings, entry: Notification): Promise<void> => {
    if (closing.signal.aborted) return
    entry.attempts++
    try {
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(15_000)])
      const answer = await fetch(to, {
        method: 'POST',
        headers: { 'content-type': 'application/atom+xml' },
        body,
        signal,
        redirect: 'manual',
      })
      await answer.arrayBuffer()
      entry.status = answer.status
      if (answer.ok) return
    } catch (error) {
      entry.status = error instanceof Error ? error.message : String(error)
    }
    const next = settings.notifyRetryMs[entry.attempts - 1]
    if (next !== undefined) later(next, () => attempt(to, body, settings, entry))
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
      const mode = fault?.mode ?? null
      const named =
        mode === 'forged-host' ? resources.map((r) => r.replace(/^\w+:\/\/[^/]+/, 'https://forged.example')) : resources
      const whole = render(named)
      const body = mode === 'truncated' ? whole.slice(0, fault?.truncate ?? Math.floor(whole.length / 2)) : whole
      const entry: Notification = {
        at: new Date(now * 1000).toISOString(),
        resources: named,
        attempts: 0,
        status: null,
        fault: mode,
      }
      sent.push(entry)
      if (sent.length > 500) sent.shift()
      if (mode === 'lost') return
      const delay = mode === 'late' ? (fault?.delayMs ?? 1500) : settings.notifyDelayMs
      later(delay, () => attempt(to, body, settings, entry))
      if (mode === 'doubled') later(delay + 5, () => attempt(to, body, settings, { ...entry }))
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
