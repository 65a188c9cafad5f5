import { until } from './until.ts'
import type { Bench } from './bench.ts'

/** The authorization has ended here and at the utility. */
export async function expectUtilityTold({ database, admin }: Bench, uid: string): Promise<void> {
  await until('the utility to be told', async () => {
    const rows = await database.admin(
      `select a.subscription from authorizations a join grants g using (authorization_uid)
        where a.authorization_uid = $1 and a.state = 'revoked' and g.utility_told is not null and g.tokens is null`,
      [uid],
    )
    return rows.length === 1 ? true : null
  })
  const [row] = await database.admin('select subscription from authorizations where authorization_uid = $1', [uid])
  const shares: { subscription: string | number; status: string | number }[] = await admin(
    'demo',
    'GET',
    '/authorizations',
  )
  const share = shares.find(({ subscription }) => String(subscription) === row?.['subscription'])
  if (String(share?.status) !== '0') throw new Error(`the utility's share has status ${share?.status}`)
}

/** Nothing that was collected is there any more, and the utility is told. */
export async function expectNothingKept(bench: Bench, uid: string): Promise<void> {
  await expectUtilityTold(bench, uid)
  for (const table of ['series_blocks', 'intervals', 'bills', 'billing_accounts', 'meters', 'raw_feeds', 'windows']) {
    const rows = await bench.database.admin(`select from ${table} where authorization_uid = $1`, [uid])
    if (rows.length > 0) throw new Error(`${rows.length} rows of ${table} are left`)
  }
}
