import type { Answer } from '../server.ts'
import type { Call, Mode, Whole } from './contract.ts'

const both = ['token', 'resource'] as const

const day = 86_400

const dated =
  (direction: 1 | -1) =>
  (answer: Whole, { fault }: Call): Answer => ({
    ...answer,
    headers: {
      ...answer.headers,
      date: new Date(Date.now() + direction * (fault.seconds ?? day + 3600) * 1000).toUTCString(),
    },
  })

const typeOf = (answer: Answer): Record<string, string> =>
  answer.type === undefined ? {} : { 'content-type': answer.type }

export const headerModes: readonly Mode[] = [
  {
    name: 'wrong-type',
    group: 'headers',
    on: both,
    about: 'the right body as text/html',
    after: (answer) => ({ ...answer, type: 'text/html' }),
  },
  {
    name: 'no-type',
    group: 'headers',
    on: both,
    about: 'no Content-Type',
    after: ({ status, headers, body }) => ({ status, body, ...(headers ? { headers } : {}) }),
  },
  {
    name: 'huge-header',
    group: 'headers',
    on: both,
    about: 'one header of 64 KiB (`bytes`)',
    after: (answer, { fault }) => ({
      ...answer,
      headers: { ...answer.headers, 'x-filler': 'f'.repeat(fault.bytes ?? 65_536) },
    }),
  },
  {
    name: 'many-headers',
    group: 'headers',
    on: both,
    about: '5,000 headers',
    after: (answer) => ({
      ...answer,
      headers: {
        ...answer.headers,
        ...Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`x-filler-${n}`, 'f'])),
      },
    }),
  },
  {
    name: 'length-too-short',
    group: 'headers',
    on: both,
    about: 'Content-Length says half of what is sent',
    after: (answer) => ({
      ...answer,
      send: (response, bytes) => {
        const head = { ...answer.headers, ...typeOf(answer), 'content-length': Math.floor(bytes.length / 2) }
        response.strictContentLength = false
        response.writeHead(answer.status, head).end(bytes)
      },
    }),
  },
  {
    name: 'endless-body',
    group: 'headers',
    on: both,
    about: 'chunks without an end: the body again and again, up to 256 MB (`bytes`)',
    after: (answer, { fault }) => ({
      ...answer,
      send: async (response, bytes) => {
        response.writeHead(answer.status, { ...answer.headers, ...typeOf(answer) })
        const piece = bytes.length < 65_536 ? Buffer.alloc(65_536, bytes.length > 0 ? bytes : ' ') : bytes
        const closed = once(response, 'close')
        for (let sent = 0; sent < (fault.bytes ?? 256_000_000) && !response.destroyed; sent += piece.length)
          if (!response.write(piece)) await Promise.race([once(response, 'drain'), closed])
        response.end()
      },
    }),
  },
  {
    name: 'date-ahead',
    group: 'time',
    on: both,
    about: 'the Date header is `seconds` (25 hours) ahead',
    after: dated(1),
  },
  {
    name: 'date-behind',
    group: 'time',
    on: both,
    about: 'the Date header is `seconds` (25 hours) behind',
    after: dated(-1),
  },
  {
    name: 'date-missing',
    group: 'time',
    on: both,
    about: 'no Date header',
    after: (answer) => ({
      ...answer,
      send: (response, bytes) => {
        response.sendDate = false
        response.writeHead(answer.status, { ...answer.headers, ...typeOf(answer) }).end(bytes)
      },
    }),
  },
]

const once = (emitter: NodeJS.EventEmitter, event: string): Promise<void> =>
  new Promise((resolve) => emitter.once(event, () => resolve()))
