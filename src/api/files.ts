import { z } from 'zod'

import { isUid } from '../model/uid.ts'
import { isReadableFeed } from '../storage/list-readable-feeds.ts'
import { notFound } from './api-error.ts'
import type { Endpoint } from './endpoint.ts'
import { billingCsvEndpoints } from './files-billing-csv.ts'
import { csvFileEndpoints } from './files-csv.ts'
import { greenButtonFileEndpoints } from './files-green-button.ts'

/** Types that a browser does not run; anything else that a utility claimed is sent as plain bytes. */
const SAFE_TYPES = /^(?:application\/(?:atom\+)?xml|text\/xml)(?:; ?[a-z]+=[\w.+-]+){0,3}$/i

export const fileEndpoints: readonly Endpoint[] = [
  ...csvFileEndpoints,
  ...billingCsvEndpoints,
  ...greenButtonFileEndpoints,
  {
    method: 'GET',
    path: '/files/raw_feed/:authorization_uid/:raw_feed_uid',
    summary: 'The Green Button XML as the utility sent it',
    scope: 'read',
    query: z.object({}),
    answer: { mediaType: 'application/atom+xml' },
    /** The bytes as the utility sent them: `sources[].raw_url` of bills, intervals and billing summaries. */
    async run({ deps, companyUid, params, header }) {
      const { authorization_uid: authorizationUid = '', raw_feed_uid: rawFeedUid = '' } = params
      if (!isUid(authorizationUid) || !isUid(rawFeedUid)) throw notFound()
      const isReadable = await deps.db.company(companyUid, (tx) => isReadableFeed(tx, authorizationUid, rawFeedUid))
      const feed = isReadable ? await deps.openRawFeed(authorizationUid, rawFeedUid) : null
      if (!feed) throw notFound()
      header('content-type', SAFE_TYPES.test(feed.mediaType) ? feed.mediaType : 'application/octet-stream')
      header('content-disposition', `attachment; filename="${rawFeedUid}.xml"`)
      return Buffer.from(feed.bytes)
    },
  },
]
