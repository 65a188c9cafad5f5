import { z } from 'zod'

import { listBillPage } from '../storage/list-bill-page.ts'
import { listMeterBlocks } from '../storage/list-meter-blocks.ts'
import { meterQuality } from './answers/quality.ts'
import { type Endpoint, zoneOf } from './endpoint.ts'
import { getMeter } from './meters.ts'
import { renderBillQuality } from './render/bill-quality.ts'
import { renderChannelQuality, wholeChannels } from './render/channel-quality.ts'

const BILLS_LIMIT = 100
const ALL_MONTHS = { sinceMonth: 0, untilMonth: 2200 * 12 }

export const qualityEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/meters/:uid/quality',
    summary: 'Reports how far the data of a meter can be relied on',
    scope: 'read',
    query: z.object({}),
    answer: meterQuality,
    async run({ deps, companyUid, params }) {
      const { meter, blocks, bills } = await deps.db.company(companyUid, async (tx) => {
        const found = await getMeter(tx, params['uid'] ?? '')
        const { authorizationUid, meterUid } = found
        const spans = [{ authorizationUid, meterUid, from: null, until: null }]
        const page = { spans, order: 'latest_first', after: null, limit: BILLS_LIMIT } as const
        return {
          meter: found,
          blocks: await listMeterBlocks(tx, found, ALL_MONTHS),
          bills: (await listBillPage(tx, page)).rows,
        }
      })
      const zone = zoneOf(deps, meter.utility)
      const channels = wholeChannels(blocks)
      return {
        meter_uid: meter.meterUid,
        authorization_uid: meter.authorizationUid,
        utility: meter.utility,
        timezone: zone,
        channels: channels.map((channel) => renderChannelQuality(channel, zone)),
        bills: bills.map((bill) => renderBillQuality(bill, channels, zone)),
      }
    },
  },
]
