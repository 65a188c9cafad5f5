import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { type PathBench, pathBench, tally } from '../../test/customer-path.ts'

let bench: PathBench
beforeAll(async () => {
  bench = await pathBench()
})
afterAll(async () => await bench.close())

const portal = async (slug: string, query: [string, string][] = []) => await bench.path.portal(slug, query)

describe('a customer who comes from the utility’s own site', () => {
  const SCOPE = 'FB=1_3_8_4_5_10_15_16_46_47;IntervalDuration=900_3600;HistoryLength=63072000;AccountCollection=2'

  it.each<[string, string, [string, string][]]>([
    [
      'as PG&E sends it, with its stray semicolon',
      'pge',
      [
        ['scope', SCOPE],
        ['dataCustodianId', 'PGE;'],
      ],
    ],
    [
      'in PG&E’s older spelling',
      'pge',
      [
        ['scope', SCOPE],
        ['dataCustodianID', 'PGE'],
      ],
    ],
    [
      'as in PG&E’s own test',
      'pge',
      [
        ['scope', 'xxx'],
        ['ThirdPartyID', 'dummy'],
      ],
    ],
    ['without anything', 'pge', []],
    [
      'as SCE sends it, scopes repeated',
      'sce',
      [
        ['scope', SCOPE],
        ['scope', 'FB=4_5'],
        ['DataCustodianID', 'SCE'],
      ],
    ],
    [
      'with markup, control characters and a foreign address',
      'sce',
      [
        ['scope', '"><script>alert(1)</script>\r\nx: y'],
        ['redirect_uri', 'https://evil.example'],
      ],
    ],
    ['with a scope of another grammar, broken escapes included', 'pge', [['scope', '%E0%A4%A;=;;BR=;FB=1_x_%zz']]],
  ])('%s: chooses among the companies, and nothing is stored', async (_what, slug, query) => {
    const before = await tally(bench)
    const found = await portal(slug, query)
    expect(found).toEqual({ companies: [{ companyName: 'Sunrise Solar (demo)', alias: 'sunrise-solar' }] })
    expect(await tally(bench)).toEqual(before)
  })

  it.each<[string, string, [string, string][]]>([
    ['of a utility that is none', 'nowhere', []],
    ['that names another custodian', 'pge', [['dataCustodianId', 'SCE']]],
    [
      'that names two custodians',
      'sce',
      [
        ['DataCustodianID', 'SCE'],
        ['datacustodianid', 'PGE;'],
      ],
    ],
  ])('a link %s leads nowhere', async (_what, slug, query) => {
    expect(await portal(slug, query)).toEqual({ end: 'unknown_link' })
  })

  it('a registration of a company’s own, named by the scope, leads to that company; the operator’s to all', async () => {
    const { companyUid } = bench.company
    const bulkOf = 'update registrations set bulk_id = $1, company_uid = $2 where registration_uid = $3'
    await bench.database.admin(bulkOf, ['50036', null, bench.registrations.pge])
    const other = await bench.database.admin(
      `insert into companies (alias, name, legal_name, email, created) values ('other', 'Other', 'Other', 'other@example.com', now()) returning company_uid`,
    )
    await bench.database.admin(
      `insert into registrations (utility, environment, client_id, bulk_id, company_uid, notification_key, secrets, created, updated)
       values ('PG&E', 'other', 'other', '50037', $1, 'other-key', '', now(), now())`,
      [other[0]?.['company_uid']],
    )
    const ofBulk = async (bulkId: string) => await portal('pge', [['scope', `FB=4_5;BR=${bulkId}`]])
    const all = { companies: [{ companyName: 'Sunrise Solar (demo)', alias: 'sunrise-solar' }] }
    expect(await ofBulk('50036')).toEqual(all)
    expect(await ofBulk('50037')).toEqual({ companies: [] })
    expect(await ofBulk('99999')).toEqual(all)
    await bench.database.admin(bulkOf, ['50036', companyUid, bench.registrations.pge])
    expect(await ofBulk('50036')).toEqual(all)
  })
})
