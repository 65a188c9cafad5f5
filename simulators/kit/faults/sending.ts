import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, reset } from '../server.ts'
import type { Call, Mode, Whole } from './contract.ts'

const headersOf = (answer: Answer): Record<string, string | string[]> => ({
  ...answer.headers,
  ...(answer.type === undefined ? {} : { 'content-type': answer.type }),
})

/** The whole head is announced, then the bytes go out as `write` sees fit. */
const announced =
  (write: (response: ServerResponse, bytes: Buffer) => void | Promise<void>) =>
  (answer: Whole): Answer => ({
    ...answer,
    send: (response, bytes) => {
      response.writeHead(answer.status, { ...headersOf(answer), 'content-length': bytes.length })
      return write(response, bytes)
    },
  })

const pieces = (size: number, pauseMs: number) =>
  announced(async (response, bytes) => {
    for (let at = 0; at < bytes.length && !response.destroyed; at += size) {
      response.write(bytes.subarray(at, at + size))
      await wait(pauseMs)
    }
    response.end()
  })

/** Bytes written past Node's own idea of HTTP, on the connection of the response. */
const raw =
  (write: (response: ServerResponse, head: string, bytes: Buffer) => void | Promise<void>) =>
  (answer: Whole): Answer => ({
    ...answer,
    send: (response, bytes) => {
      const lines = Object.entries({ ...headersOf(answer), 'content-length': String(bytes.length) })
      const head = `HTTP/1.1 ${answer.status} OK\r\n${lines.map(([name, value]) => `${name}: ${[value].flat().join(', ')}\r\n`).join('')}\r\n`
      return write(response, head, bytes)
    },
  })

const half = (bytes: Buffer): Buffer => bytes.subarray(0, Math.floor(bytes.length / 2))

const both = ['token', 'resource'] as const

type Sender = (call: Call) => (answer: Whole) => Answer

const modeOf = (name: string, about: string, sender: Sender): Mode => ({
  name,
  group: 'connection',
  on: both,
  about,
  ownDelay: true,
  after: (answer, call) => sender(call)(answer),
})

/** Answers that are made as they should be and arrive badly. */
export const sendingModes: readonly Mode[] = [
  {
    name: 'close',
    group: 'connection',
    on: ['token', 'resource', 'authorize'],
    about: 'the connection ends before anything is done or said',
    instead: ({ incoming }) => {
      incoming.destroy()
      return { status: 500 }
    },
  },
  {
    name: 'lost-answer',
    group: 'connection',
    on: both,
    about: 'done, and the connection ends without an answer',
    after: (answer, { incoming }) => {
      incoming.destroy()
      return answer
    },
  },
  modeOf('reset-in-header', 'reset in the middle of the headers', () =>
    raw((response, head) => {
      response.socket?.write(head.slice(0, Math.floor(head.length / 2)), () => reset(response.socket))
    }),
  ),
  modeOf('reset-in-body', 'reset half way through the body', () =>
    announced((response, bytes) => {
      response.write(half(bytes), () => reset(response.socket))
    }),
  ),
  modeOf('cut', 'the connection ends after `truncate` bytes (half) of the announced length', ({ fault }) =>
    announced((response, bytes) => {
      response.write(fault.truncate === undefined ? half(bytes) : bytes.subarray(0, fault.truncate), () =>
        response.destroy(),
      )
    }),
  ),
  modeOf('half-open', 'half the body, then silence for as long as the client waits', () =>
    announced((response, bytes) => void response.write(half(bytes))),
  ),
  modeOf('no-answer', 'done, and never answered', () => (answer) => ({ ...answer, send: () => undefined })),
  modeOf('drip', '100 bytes every `delayMs` (20)', ({ fault }) => pieces(100, fault.delayMs ?? 20)),
  modeOf('byte-drip', 'one byte every `delayMs` (1000)', ({ fault }) => pieces(1, fault.delayMs ?? 1000)),
  modeOf('narrow-band', '1,000 bytes every `delayMs` (50)', ({ fault }) => pieces(1000, fault.delayMs ?? 50)),
  modeOf('slow-header', 'the head line by line, one every `delayMs` (1000)', ({ fault }) =>
    raw(async (response, head, bytes) => {
      for (const line of head.split(/(?<=\r\n)/)) {
        response.socket?.write(line)
        await wait(fault.delayMs ?? 1000)
      }
      response.socket?.end(bytes)
    }),
  ),
  modeOf('stale-keep-alive', 'answered, and the next request on this connection meets its end', ({ incoming }) => {
    incoming.endNext()
    return (answer) => answer
  }),
  {
    name: 'late-answer',
    group: 'time',
    on: ['token', 'resource'],
    about: 'done at once, answered after `delayMs` (400): a notification comes before its 202',
    ownDelay: true,
    after: async (answer, { fault }) => {
      await wait(fault.delayMs ?? 400)
      return answer
    },
  },
]
