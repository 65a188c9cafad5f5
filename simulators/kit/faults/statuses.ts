import type { Answer } from '../server.ts'
import type { Call, Mode } from './contract.ts'

type Row = readonly [name: string, status: number, body: string, about: string, headers?: Answer['headers']]

const json = (error: string): string => JSON.stringify({ error })

const rows: readonly Row[] = [
  ['http-400', 400, 'Invalid request', '400 as the SDK guide shows it'],
  ['http-401-expired', 401, json('expired_token'), '401: the token is over'],
  ['http-401-revoked', 401, json('invalid_token'), '401: the token is revoked'],
  ['http-403-scope', 403, json('insufficient_scope'), '403: outside the grant'],
  ['http-404', 404, json('Not Found'), '404: the subscription or the package is gone'],
  ['http-405', 405, json('Method Not Allowed'), '405: the method is not for this resource', { allow: 'POST' }],
  ['http-408', 408, '', '408: the server waited for the request too long', { connection: 'close' }],
  ['http-410', 410, '', '410: gone for good'],
  ['http-413', 413, json('range too large'), '413: the window is too wide'],
  ['http-429', 429, 'API calls quota exceeded', '429 without Retry-After'],
  ['http-500', 500, json('Internal Server Error'), '500: an error inside'],
  ['http-502', 502, '<html><body>Bad Gateway</body></html>', '502 with a page'],
  ['http-504', 504, 'upstream request timeout', '504: the gateway waited in vain'],
  ['http-418', 418, '', 'a status that nobody expects'],
  ['no-content', 204, '', '204: no data in the window'],
]

const answer = (status: number, body: string, headers: Answer['headers'] = {}): Answer => ({
  status,
  ...(body === '' ? {} : { type: body.startsWith('{') ? 'application/json' : 'text/plain', body }),
  headers,
})

const both = ['token', 'resource'] as const

/** Bodies may be replaced by the fault's own. */
const fixed = ([name, status, body, about, headers]: Row): Mode => ({
  name,
  group: 'status',
  on: both,
  about,
  instead: ({ fault }) => answer(status, fault.body ?? body, headers),
})

const seconds = ({ fault }: Call): number => fault.seconds ?? 30

const foreign = 'https://elsewhere.example/espi/1_1/resource/'

export const statusModes: readonly Mode[] = [
  ...rows.map(fixed),
  {
    name: 'http-429-seconds',
    group: 'status',
    on: both,
    about: '429 with Retry-After in seconds (`seconds`, 30)',
    instead: (call) => answer(429, 'API calls quota exceeded', { 'retry-after': String(seconds(call)) }),
  },
  {
    name: 'http-429-date',
    group: 'status',
    on: both,
    about: '429 with Retry-After as a date, `seconds` (30) ahead of real time',
    instead: (call) =>
      answer(429, 'API calls quota exceeded', {
        'retry-after': new Date(Date.now() + seconds(call) * 1000).toUTCString(),
      }),
  },
  {
    name: 'http-503-retry-after',
    group: 'status',
    on: both,
    about: '503 maintenance with Retry-After (`seconds`, 30)',
    instead: (call) => answer(503, 'Service Unavailable', { 'retry-after': String(seconds(call)) }),
  },
  {
    name: 'client-certificate-refused',
    group: 'TLS',
    on: both,
    about: '400 "Invalid Certificate", whatever certificate is shown: expired, revoked or not the registered one',
    instead: () => ({ status: 400, type: 'application/json', body: '"Invalid Certificate"' }),
  },
  {
    name: 'redirect-foreign',
    group: 'status',
    on: both,
    about: '302 to another origin',
    instead: () => ({ status: 302, headers: { location: foreign } }),
  },
  {
    name: 'redirect-same',
    group: 'status',
    on: both,
    about: '307 to the same address',
    instead: ({ incoming }) => ({ status: 307, headers: { location: incoming.target } }),
  },
  {
    name: 'html',
    group: 'body',
    on: ['token', 'resource', 'authorize'],
    about: 'a maintenance page with 200 (`status`)',
    instead: ({ fault }) => ({ status: fault.status ?? 200, type: 'text/html; charset=utf-8', body: maintenance }),
  },
  {
    name: 'empty',
    group: 'body',
    on: both,
    about: '200 (`status`) without a body',
    instead: ({ fault }) => ({ status: fault.status ?? 200, type: 'application/atom+xml', body: '' }),
  },
  {
    name: 'json-error',
    group: 'body',
    on: ['resource'],
    about: '200 with a JSON error in place of the feed',
    instead: () => ({ status: 200, type: 'application/json', body: json('backend unavailable') }),
  },
]

const maintenance =
  '<!doctype html><html lang="en"><title>Sorry</title><h1>We are performing scheduled maintenance</h1></html>'
