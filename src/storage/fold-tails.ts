import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import { bytesOf } from './beneath.ts'
import type { Tx } from './db.ts'
import { decodeBlock, encodeBlock } from './series-block.ts'
import { BLOCK } from './series-channel.ts'
import type { BlockKey } from './series-rows.ts'

/**
 * Packs the blocks of an authorization that have a tail. Nothing changes that shows: blocks of the same readings have the same
 * bytes then, whatever way the readings came.
 */
export async function foldTails(tx: Tx, authorizationUid: Uid): Promise<void> {
  const { rows } = await sql<BlockKey & { block: Buffer }>`
    select b.meter_uid as "meterUid", b.channel, b.month, ${BLOCK} as block from series_blocks b
     where b.authorization_uid = ${authorizationUid} and b.tail is not null`.execute(tx)
  await sql`
    update series_blocks b set block = (n.blocks::bytea[])[1], tail = null
      from unnest(${rows.map(({ meterUid }) => meterUid)}::bigint[], ${rows.map(({ channel }) => channel)}::text[],
             ${rows.map(({ month }) => month)}::int[],
             ${rows.map(({ block }) => bytesOf([encodeBlock(decodeBlock(block))]))}::text[]) as n (meter_uid, channel, month, blocks)
     where b.authorization_uid = ${authorizationUid} and b.meter_uid = n.meter_uid and b.channel = n.channel
       and b.month = n.month`.execute(tx)
}
