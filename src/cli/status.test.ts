import { expect, it } from 'vitest'

import { seedCompany, testDatabase } from '../../test/database.ts'
import { countQuarantined, summarizeLag, summarizeLoading, summarizeOwed } from '../storage/summarize-owed.ts'
import { oweWindows } from '../storage/windows.ts'
import { renderStatus } from './status.ts'

const now = new Date('2026-11-26T12:00:00Z')
const nothing = { now, loading: [], owed: [], lagging: [], quarantined: [], limits: [], certificates: [] }

it('says when nothing is owed', () => {
  expect(renderStatus(nothing)).toEqual(['Nothing is owed.'])
})

it('says what is loading, owed, late, left out, used up and about to end', () => {
  const limit = {
    ...{ nextSlot: now, minutes: {}, hourUsed: 12, dayStarts: now, dayUsed: 340, failures: 5, trialUntil: null },
    ...{ freshFrom: null, historyFrom: null, openUntil: new Date('2026-11-26T12:15:00Z') },
    registration: '1001 at PG&E (production)',
    quota: { perSecond: 1, perHour: 2000, perDay: 20_000, dayStarts: null },
  }
  expect(
    renderStatus({
      now,
      loading: [{ utility: 'PG&E', customers: 3, done: 15, all: 60 }],
      owed: [
        { utility: 'PG&E', state: 'owed', reason: null, count: 45, oldest: new Date('2026-11-26T11:58:00Z') },
        { utility: 'SCE', state: 'aside', reason: 'doctype', count: 1, oldest: new Date('2026-11-20T12:00:00Z') },
      ],
      lagging: [{ registrationUid: '1002', utility: 'SCE', customers: 2, newest: new Date('2026-11-20T12:00:00Z') }],
      quarantined: [{ utility: 'SCE', feeds: 4 }],
      limits: [limit],
      certificates: ['1001 at PG&E (production): its certificate ends on 2026-12-16, in 19 days'],
    }),
  ).toEqual([
    'loading  PG&E     [#####...............] 15 of 60 windows, 3 customers',
    'owed     PG&E         45  for 2 min',
    'aside    SCE           1  for 6 days  doctype',
    'ALARM    SCE      2 customers of registration 1002 got nothing for 72 hours; the newest is 2026-11-20T12:00:00.000Z',
    'left out SCE      4 feeds of 30 days had entries that could not be read',
    'quota    registration 1001 at PG&E (production): 12 of 2000 requests this hour, 340 of 20000 today',
    'breaker  registration 1001 at PG&E (production): nothing goes out until 2026-11-26T12:15:00.000Z',
    'ends     registration 1001 at PG&E (production): its certificate ends on 2026-12-16, in 19 days',
  ])
})

it('counts what is in the tables', async () => {
  const database = await testDatabase()
  try {
    const { authorizationUid, registrationUid } = await seedCompany(database.db, {
      now: new Date('2026-11-01T00:00:00Z'),
    })
    await database.admin(`update authorizations set monitoring = 'daily', status = 'pending'`)
    const window = { product: 'usage', resource: 'u', from: 1, to: 2, priority: 0 }
    await database.db.operator((tx) => oweWindows(tx, authorizationUid, [window, { ...window, to: 3 }], { now }))
    await database.admin(`update windows set state = 'done', finished = '2026-11-20T00:00:00Z' where ends = 2`)
    await database.admin(
      `insert into raw_feeds (authorization_uid, raw_feed_uid, company_uid, product, resource, fetched, media_type, sha256, size,
         body, outcome)
       select authorization_uid, 1, company_uid, 'usage', '', $1, '', '', 0, '', '{"quarantined": [{"code": "x"}]}' from authorizations`,
      [now],
    )
    const before = new Date(now.getTime() - 72 * 3_600_000)
    const found = await database.db.operator(async (tx) => ({
      loading: await summarizeLoading(tx),
      owed: await summarizeOwed(tx),
      lagging: await summarizeLag(tx, before),
      quarantined: await countQuarantined(tx, before),
    }))
    expect(found).toEqual({
      loading: [{ utility: 'DEMO', customers: 1, done: 1, all: 2 }],
      owed: [{ utility: 'DEMO', state: 'owed', reason: null, count: 1, oldest: now }],
      lagging: [{ registrationUid, utility: 'DEMO', customers: 1, newest: new Date('2026-11-20T00:00:00Z') }],
      quarantined: [{ utility: 'DEMO', feeds: 1 }],
    })
  } finally {
    await database.close()
  }
})
