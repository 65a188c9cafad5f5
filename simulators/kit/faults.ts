import { setTimeout as wait } from 'node:timers/promises'
import { errorRedirect } from './flows.ts'
import { type Answer, type Incoming, redirect } from './server.ts'

export type FaultPoint = 'token' | 'resource' | 'authorize' | 'notification'

/** One arranged fault; it is used up after `times` requests. `match` narrows it to targets that contain the text. */
export type Fault = {
  on: FaultPoint
  times: number
  mode?: string
  status?: number
  body?: string
  contentType?: string
  headers?: Record<string, string>
  delayMs?: number
  /** Number of characters after which the body ends. */
  truncate?: number
  match?: string
}

export const modes: Record<FaultPoint, readonly string[]> = {
  token: [
    'expire-now',
    'invalid-grant',
    'rotation-off',
    'string-expires-in',
    'foreign-resource-uri',
    'narrower-scope',
    'wider-scope',
    'html',
    'close',
    'no-refresh-token',
    'lost-answer',
  ],
  resource: [
    'html',
    'doctype-bomb',
    'broken-xml',
    'truncated',
    'cut',
    'drip',
    'other-subscription',
    'close',
    'empty',
    'lost-answer',
    'late-answer',
  ],
  authorize: ['server-error', 'access-denied', 'html'],
  notification: ['lost', 'doubled', 'late', 'forged-host', 'truncated'],
}

export type Faults = {
  list: Fault[]
  add(fault: Fault): void
  /** The fault that this request meets, now used up by one. */
  take(on: FaultPoint, target: string): Fault | null
}

export const createFaults = (): Faults => {
  const list: Fault[] = []
  return {
    list,
    add: (fault) => void list.push(fault),
    take(on, target) {
      const found = list.find((f) => f.on === on && f.times > 0 && target.includes(f.match ?? ''))
      if (!found) return null
      found.times--
      if (found.times <= 0) list.splice(list.indexOf(found), 1)
      return found
    },
  }
}

const page =
  '<!doctype html><html lang="en"><title>Sorry</title><h1>We are performing scheduled maintenance</h1></html>'

/** Hands a request through a fault: before the handler (delay, refusal) and after it (a spoiled body). */
export const throughFault = async (
  fault: Fault | null,
  incoming: Incoming,
  next: () => Answer | Promise<Answer>,
): Promise<Answer> => {
  if (!fault) return next()
  if (fault.mode === 'drip') return { ...(await next()), dripMs: fault.delayMs ?? 20 }
  if (fault.mode === 'late-answer') {
    const answer = await next()
    await wait(fault.delayMs ?? 400)
    return answer
  }
  if (fault.delayMs) await wait(fault.delayMs)
  if (fault.mode === 'close') {
    incoming.destroy()
    return { status: 500 }
  }
  if (fault.mode === 'html') return { status: fault.status ?? 200, type: 'text/html; charset=utf-8', body: page }
  const back = incoming.query.get('redirect_uri')
  if ((fault.mode === 'server-error' || fault.mode === 'access-denied') && back !== null)
    return redirect(
      errorRedirect({ redirectUri: back, state: incoming.query.get('state') }, fault.mode.replace('-', '_')),
    )
  if (fault.mode === 'empty') return { status: fault.status ?? 200, type: 'application/atom+xml', body: '' }
  if (fault.status !== undefined || fault.body !== undefined)
    return {
      status: fault.status ?? 200,
      type: fault.contentType ?? 'application/json',
      headers: fault.headers ?? {},
      body: fault.body ?? '',
    }
  const answer = await next()
  if (fault.mode === 'lost-answer') {
    incoming.destroy()
    return answer
  }
  return fault.mode === undefined && fault.truncate === undefined ? answer : spoil(fault, answer)
}

function spoil(fault: Fault, answer: Answer): Answer {
  const body = typeof answer.body === 'string' ? answer.body : [...(answer.body ?? [])].join('')
  const type = fault.contentType ?? answer.type
  const whole: Answer = { ...answer, body, ...(type === undefined ? {} : { type }) }
  if (fault.mode === 'doctype-bomb') return { ...whole, body: bomb(body) }
  if (fault.mode === 'broken-xml')
    return { ...whole, body: body.replace(/<\/([\w:]*)IntervalReading>|<\/([\w:]*)entry>/, '</oops>') }
  if (fault.mode === 'other-subscription')
    return { ...whole, body: body.replaceAll(/\/(Subscription|RetailCustomer)\/[^/"?]+/g, '/$1/9999999') }
  if (fault.mode === 'cut') return { ...whole, cutAfter: fault.truncate ?? Math.floor(body.length / 2) }
  const cut = fault.truncate ?? (fault.mode === 'truncated' ? Math.floor(body.length * 0.7) : null)
  return cut === null ? whole : { ...whole, body: body.slice(0, cut) }
}

const bomb = (body: string): string => {
  const entities = Array.from({ length: 9 }, (_, n) => `<!ENTITY b${n + 1} "${`&b${n};`.repeat(10)}">`).join('')
  const [declaration = ''] = /^(<\?xml[^>]*>)?/.exec(body) ?? []
  const rest = body.slice(declaration.length).replace(/>[^<>]+<\/([\w:]*)title>/, '>&b9;</$1title>')
  return `${declaration}<!DOCTYPE feed [<!ENTITY b0 "boom">${entities}]>${rest}`
}
