import { describe, expect, it } from 'vitest'

import { type Answer, judgeAnswer, type Meaning, retryAfterOf } from './answers.ts'
import { utilityOf } from './index.ts'
import { ClientRejected, TokenRefused, UtilityUnavailable } from './errors.ts'

const { answers } = utilityOf('PG&E')
const now = new Date('2026-11-25T12:00:00Z')
const answer = (status: number, body = '', headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  bytes: Buffer.from(body),
})

it.each([
  [200, '<feed/>'],
  [202, ''],
  [204, ''],
  [404, 'No listener for endpoint: /x'],
  [410, ''],
])('%i is for the caller to read', (status, body) => {
  expect(judgeAnswer(answer(status, body), answers, now)).toMatchObject({ status })
})

it.each<[string, Answer, new (...args: never[]) => Error, string]>([
  [
    '400 "Invalid Certificate" is our fault',
    answer(400, '"Invalid Certificate"'),
    ClientRejected,
    'certificate_refused',
  ],
  ['400 of another kind', answer(400, 'Invalid request'), ClientRejected, 'request_refused'],
  ['401', answer(401), TokenRefused, 'token_refused'],
  ['403', answer(403, '{"error":"access_denied"}'), TokenRefused, 'token_refused'],
  ['408 is the server that gave up', answer(408), UtilityUnavailable, 'server_error'],
  ['413', answer(413), ClientRejected, 'request_refused'],
  ['429', answer(429), UtilityUnavailable, 'too_many_requests'],
  ['500', answer(500, 'Dynamic backend host not specified'), UtilityUnavailable, 'server_error'],
  ['503', answer(503), UtilityUnavailable, 'server_error'],
  ['302 is never followed', answer(302, '', { location: 'https://foreign.example' }), UtilityUnavailable, 'redirected'],
  [
    'a page with status 200',
    answer(200, '\uFEFF <!DOCTYPE html><html>', {}),
    UtilityUnavailable,
    'page_instead_of_feed',
  ],
  [
    'a page of XHTML',
    answer(200, '<?xml version="1.0"?>\n<!-- error -->\n<!DOCTYPE html PUBLIC "x" "y"><html>', {}),
    UtilityUnavailable,
    'page_instead_of_feed',
  ],
  [
    'a page by its type',
    answer(200, 'maintenance', { 'content-type': 'text/html' }),
    UtilityUnavailable,
    'page_instead_of_feed',
  ],
])('%s', (_name, given, error, code) => {
  expect(() => judgeAnswer(given, answers, now)).toThrow(error)
  expect(() => judgeAnswer(given, answers, now)).toThrow(expect.objectContaining({ code }))
})

it.each([
  ['5', 5],
  ['Wed, 25 Nov 2026 12:01:00 GMT', 60],
  ['Wed, 25 Nov 2026 11:00:00 GMT', 0],
  ['999999999', 86_400],
  ['soon', null],
  ['-5', null],
  [undefined, null],
])('Retry-After %s', (header, seconds) => {
  expect(retryAfterOf(header, now)).toBe(seconds)
})

it.each<[number, string, Meaning]>([
  [200, '<feed/>', 'data'],
  [200, '', 'no-data'],
  [206, '<feed/>', 'data'],
  [202, 'whatever', 'promised'],
  [204, '', 'no-data'],
  [404, 'No listener for endpoint: /x', 'gone'],
  [410, '', 'gone'],
])('%i %s means %s', (status, body, meaning) => {
  expect(judgeAnswer(answer(status, body), answers, now)).toMatchObject({ status, meaning })
})

it.each(['<?xml version="1.0"?><feed/>', '<feed xmlns="http://www.w3.org/2005/Atom"/>', '\uFEFF<ns1:feed>'])(
  'a feed that is called a page is read: %s',
  (body) => {
    expect(judgeAnswer(answer(200, body, { 'content-type': 'text/html' }), answers, now).meaning).toBe('data')
  },
)

describe('a profile’s own statuses and texts count before those of RFC 9110', () => {
  const own = {
    ...answers,
    tokenRefused: [401, 418],
    limited: [509],
    limitText: 'quota',
    promised: [203],
    noData: [404],
    gone: [410],
    certificateText: 'Thumbprint',
  }
  it.each<[number, string, string]>([
    [418, '', 'token_refused'],
    [403, '', 'request_refused'],
    [509, '', 'too_many_requests'],
    [400, '{"message":"Quota used up"}', 'too_many_requests'],
    [400, 'unknown thumbprint', 'certificate_refused'],
    [400, '"Invalid Certificate"', 'request_refused'],
    [429, '', 'request_refused'],
  ])('%i %s: %s', (status, body, code) => {
    expect(() => judgeAnswer(answer(status, body), own, now)).toThrow(expect.objectContaining({ code }))
  })
  it.each<[number, Meaning]>([
    [203, 'promised'],
    [404, 'no-data'],
    [410, 'gone'],
  ])('%i: %s', (status, meaning) => {
    expect(judgeAnswer(answer(status, 'x'), own, now)).toMatchObject({ meaning })
  })
})
