import { expect, it } from 'vitest'

import { FeedRejected } from '../espi/errors.ts'
import { ConsentEnded, LeaseLost } from '../storage/errors.ts'
import { AuthorizationRevoked, ClientRejected, ForeignAddress, UtilityUnavailable } from '../utilities/errors.ts'
import { judgeFailure } from './settle-failure.ts'

const always = (): number => 0.999
const judge = (error: unknown, attempts = 0) => judgeFailure(error, attempts, always)

it('a utility that is down is asked again, later and later, and at last set aside', () => {
  const waits = [0, 1, 5, 50].map((attempts) =>
    judge(new UtilityUnavailable('server_error', { status: 503 }), attempts),
  )
  const ms = waits.map((verdict) => (verdict.kind === 'again' ? verdict.afterMs : NaN))
  expect(ms).toEqual(ms.toSorted((a, b) => a - b))
  expect(ms.at(-1)).toBeLessThanOrEqual(3_600_000)
  expect(judge(new UtilityUnavailable('server_error'), 99)).toEqual({ kind: 'aside', reason: 'server_error' })
})

it('Retry-After is never undercut', () => {
  const verdict = judgeFailure(new UtilityUnavailable('too_many_requests', { retryAfter: 90 }), 0, () => 0)
  expect(verdict).toEqual({ kind: 'again', reason: 'too_many_requests', afterMs: 90_000 })
})

it.each([
  [
    'a feed that cannot be read waits for a developer',
    new FeedRejected('doctype', 0, 'x'),
    { kind: 'aside', reason: 'doctype' },
  ],
  ['consent that ended stops it', new ConsentEnded('1', 'not_active'), { kind: 'aside', reason: 'consent_ended' }],
  [
    'an address elsewhere is never followed',
    new ForeignAddress(),
    { kind: 'aside', reason: 'foreign_address', alarm: true },
  ],
  ['a worker that was overtaken leaves the window alone', new LeaseLost('1'), { kind: 'leave' }],
  [
    'our own rejected registration is tried every quarter of an hour',
    new ClientRejected('certificate_refused'),
    { kind: 'again', reason: 'certificate_refused', afterMs: 900_000, alarm: true },
  ],
  [
    'what the grant does not hold is not asked for again and again',
    new ClientRejected('not_in_grant'),
    { kind: 'aside', reason: 'not_in_grant', alarm: true },
  ],
  [
    'a grant that died waits for its customer',
    new AuthorizationRevoked('invalid_grant'),
    { kind: 'again', reason: 'invalid_grant', afterMs: 0 },
  ],
])('%s', (_what, error, verdict) => {
  expect(judge(error)).toEqual(verdict)
})

it.each(['not_xml', 'not_green_button', 'truncated'] as const)(
  'a body that is %s is asked for again for some hours, since the next one may be a whole feed',
  (code) => {
    expect(judge(new FeedRejected(code, 0, 'x'))).toMatchObject({ kind: 'again', reason: code })
    expect(judge(new FeedRejected(code, 0, 'x'), 19)).toEqual({ kind: 'aside', reason: code })
  },
)

it('a database that restarts is no fault of the window, however often it did', () => {
  const ended = Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' })
  for (const attempts of [0, 7, 1000])
    expect(judge(ended, attempts)).toEqual({ kind: 'again', reason: 'database_away', afterMs: 1998 })
})

it('a fault of ours is tried eight times and then set aside, visible', () => {
  expect(judge(new TypeError('x'), 6).kind).toBe('again')
  expect(judge(new TypeError('x'), 7)).toEqual({ kind: 'aside', reason: 'unexpected_error' })
})
