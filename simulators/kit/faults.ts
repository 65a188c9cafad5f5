import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, bytesOf, type Incoming } from './server.ts'
import type { Call, Fault, FaultPoint, Mode } from './faults/contract.ts'
import { type ConnectionMode, connectionModes } from './faults/connections.ts'
import { dataModes } from './faults/data.ts'
import { documentModes } from './faults/documents.ts'
import { encodingModes } from './faults/encodings.ts'
import { headerModes } from './faults/headers.ts'
import { type NotificationMode, notificationModes } from './faults/notifications.ts'
import { oauthModes } from './faults/oauth.ts'
import { sendingModes } from './faults/sending.ts'
import { statusModes } from './faults/statuses.ts'

/** Every named mode, in the order in which the admin API lists them. */
export const modes: readonly Mode[] = [
  ...connectionModes,
  ...sendingModes,
  ...statusModes,
  ...headerModes,
  ...encodingModes,
  ...documentModes,
  ...dataModes,
  ...oauthModes,
  ...notificationModes,
]

export const modeNames = (on: FaultPoint): string[] => modes.filter((m) => m.on.includes(on)).map((m) => m.name)

const named = <Kind extends Mode>(list: readonly Kind[], fault: Fault): Kind | undefined =>
  list.find((m) => m.name === fault.mode && m.on.includes(fault.on))

export const connectionModeOf = (fault: Fault): ConnectionMode | undefined => named(connectionModes, fault)

export const notificationModeOf = (fault: Fault): NotificationMode | undefined => named(notificationModes, fault)

export type Faults = {
  list: Fault[]
  add(fault: Fault): void
  /** The fault that this request meets, now used up by one. */
  take(on: FaultPoint, target: string): Fault | null
  /** Whether the API's port is closed now. */
  isRefusing(): boolean
}

/** `now` is the utility's clock in epoch seconds: a fault whose `until` has come is over. */
export const createFaults = (now: () => number): Faults => {
  const list: Fault[] = []
  const drop = (over: (fault: Fault) => boolean): void => {
    for (let i = list.length - 1; i >= 0; i--) {
      const fault = list[i]
      if (fault && over(fault)) list.splice(i, 1)
    }
  }
  const expire = (): void => drop((f) => f.until !== undefined && Date.parse(f.until) <= now() * 1000)
  return {
    list,
    add: (fault) => void list.push(fault),
    take(on, target) {
      expire()
      const found = list.find(
        (f) => f.on === on && f.times > 0 && f.mode !== 'refuse' && target.includes(f.match ?? ''),
      )
      if (!found) return null
      found.times--
      drop((f) => f.times <= 0)
      return found
    },
    isRefusing() {
      expire()
      return list.some((f) => f.mode === 'refuse')
    },
  }
}

/** Hands a request through a fault: in the handler's place (delay, refusal) or after it (a spoiled answer). */
export const throughFault = async (
  fault: Fault | null,
  incoming: Incoming,
  options: { next: () => Answer | Promise<Answer>; expireTokens: () => void },
): Promise<Answer> => {
  if (!fault) return options.next()
  const mode = named(modes, fault)
  const call: Call = { fault, incoming, expireTokens: options.expireTokens }
  if (fault.delayMs && !mode?.ownDelay) await wait(fault.delayMs)
  const answer = mode === undefined ? await plain(fault, options.next) : await through(mode, call, options.next)
  return fault.headers ? { ...answer, headers: { ...answer.headers, ...fault.headers } } : answer
}

/** Without a mode: the status and body given, or only slower or shorter. */
async function plain(fault: Fault, next: () => Answer | Promise<Answer>): Promise<Answer> {
  if (fault.status !== undefined || fault.body !== undefined)
    return { status: fault.status ?? 200, type: fault.contentType ?? 'application/json', body: fault.body ?? '' }
  const answer = await next()
  if (fault.truncate === undefined) return answer
  return {
    ...answer,
    body: bytesOf(answer.body ?? '')
      .toString('utf8')
      .slice(0, fault.truncate),
  }
}

async function through(mode: Mode, call: Call, next: () => Answer | Promise<Answer>): Promise<Answer> {
  if (mode.instead) return mode.instead(call)
  const answer = await next()
  if (!mode.after) return answer
  const type = call.fault.contentType ?? answer.type
  const body = bytesOf(answer.body ?? '').toString('utf8')
  return mode.after({ ...answer, body, ...(type === undefined ? {} : { type }) }, call)
}
