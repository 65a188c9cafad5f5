import type { Uid } from '../../model/uid.ts'

/** A file that data came from. */
export type Source = { type: 'greenbutton_cmd'; raw_url: string }

const LIMIT = 100

/**
 * Where raw feeds can be had, the newest first; a client downloads the first one of every bill. At most 100, since a
 * month may be made of many daily deliveries.
 */
export function renderSources(publicUrl: string, authorizationUid: Uid, rawFeeds: readonly Uid[]): Source[] {
  const newestFirst = [...new Set(rawFeeds)].sort((a, b) => Number(b) - Number(a)).slice(0, LIMIT)
  return newestFirst.map((rawFeedUid) => ({
    type: 'greenbutton_cmd',
    raw_url: `${publicUrl}/api/v2/files/raw_feed/${authorizationUid}/${rawFeedUid}`,
  }))
}
