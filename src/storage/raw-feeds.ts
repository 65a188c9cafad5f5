import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, zstdCompress, zstdDecompress } from 'node:zlib'

import { sql } from 'kysely'

import { DATA_CLASSES } from '../model/authorization-states.ts'
import { childUid, type Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { inTurns } from './in-turns.ts'
import { contextOf, type Envelope } from './secrets.ts'
import { covered, whyNot } from './write-gate.ts'

/** body: bytes as they came; inflatedSize: of a body that came as gzip and is kept so, what it inflates to. */
export type NewRawFeed = {
  product: string
  resource: string
  mediaType: string
  body: Uint8Array
  inflatedSize?: number
}

export type RawFeed = {
  rawFeedUid: Uid
  product: string
  resource: string
  fetched: Date
  mediaType: string
  /** Bytes, inflated. */
  size: number
  outcome: Record<string, unknown>
}

const compress = promisify(zstdCompress)
const decompressors = { zstd: promisify(zstdDecompress), gzip: promisify(gunzip) }
const BYTES_LIMIT = 1_000_000_000
/** The first byte of gzip (RFC 1952 section 2.3.1); zstd begins with another (RFC 8878 section 3.1.1). */
const GZIP_MARK = 0x1f

/** A feed to be kept: hashed, and compressed where it did not come so. */
export type PackedFeed = NewRawFeed & { sha256: Buffer; packed: Uint8Array }

/**
 * Packs a feed, outside of any transaction. What came as gzip stays gzip: zstd is no smaller, and a second compression is
 * measured to cost as much as the hash and half of the parsing.
 */
export async function packRawFeed(feed: NewRawFeed): Promise<PackedFeed> {
  const { body, inflatedSize } = feed
  return { ...feed, sha256: await digest(body), packed: inflatedSize === undefined ? await compress(body) : body }
}

/** isNew false: the last feed of its product and resource has the same bytes, and this is its uid. */
export type RawFeedPlace = { rawFeedUid: Uid; companyUid: Uid; isNew: boolean }

/** Takes the number of the next feed, unless it has the bytes of the last one. Throws ConsentEnded. */
export async function placeRawFeed(
  tx: Tx,
  authorizationUid: Uid,
  { product, resource, sha256 }: PackedFeed,
  now: Date,
): Promise<RawFeedPlace> {
  const { rows } = await sql<{ companyUid: Uid; number: number | null; same: Uid | null }>`
    with last as (
      select r.raw_feed_uid, r.sha256 from raw_feeds r
       where r.authorization_uid = ${authorizationUid} and r.product = ${product} and r.resource = ${resource}
       order by r.raw_feed_uid desc limit 1),
    same as (select raw_feed_uid from last where sha256 = ${sha256}::bytea),
    numbered as (
      update authorizations a set next_child = next_child + 1
       where ${covered(authorizationUid, DATA_CLASSES, now)} and not exists (select from same)
      returning a.next_child - 1 as number)
    select a.company_uid as "companyUid", (select number from numbered), (select raw_feed_uid from same) as same
      from authorizations a where ${covered(authorizationUid, DATA_CLASSES, now)}`.execute(tx)
  const [{ companyUid, number, same } = NOWHERE] = rows
  if (same !== null) return { rawFeedUid: same, companyUid, isNew: false }
  if (number === null) throw await whyNot(tx, authorizationUid, { classes: DATA_CLASSES, now })
  return { rawFeedUid: childUid(authorizationUid, number), companyUid, isNew: true }
}

const NOWHERE = { companyUid: '', number: null, same: null }

/** Keeps a feed at its place, sealed. outcome: what decoding found, where that is known already. Throws ConsentEnded. */
export async function insertRawFeed(
  tx: Tx,
  authorizationUid: Uid,
  { rawFeedUid, companyUid }: RawFeedPlace,
  feed: PackedFeed,
  { envelope, now, outcome = {} }: Keeping,
): Promise<void> {
  const { product, resource, mediaType, body, inflatedSize, sha256, packed } = feed
  const context = contextOf('raw_feeds', 'body', rawFeedUid, companyUid)
  const sealed = packed.length > LARGE ? await envelope.sealLarge(packed, context) : envelope.seal(packed, context)
  const { numAffectedRows } = await sql`
    insert into raw_feeds (authorization_uid, raw_feed_uid, company_uid, product, resource, fetched, media_type, sha256,
      size, body, outcome)
    select a.authorization_uid, ${rawFeedUid}::bigint, a.company_uid, ${product}, ${resource}, ${now}, ${mediaType},
           ${sha256}::bytea, ${inflatedSize ?? body.length}::int, ${sealed}::bytea, ${JSON.stringify(outcome)}::jsonb
      from authorizations a where ${covered(authorizationUid, DATA_CLASSES, now)}`.execute(tx)
  if (numAffectedRows !== 1n) throw await whyNot(tx, authorizationUid, { classes: DATA_CLASSES, now })
}

type Keeping = { envelope: Envelope; now: Date; outcome?: object }

/**
 * Keeps a feed as it came, compressed and sealed, so that a better decoder can replay it. A feed with the same bytes as the last
 * one of its product and resource is not kept twice (isNew false, the uid of the one that is there). Throws ConsentEnded.
 */
export async function saveRawFeed(
  tx: Tx,
  authorizationUid: Uid,
  feed: NewRawFeed,
  keeping: Keeping,
): Promise<{ rawFeedUid: Uid; isNew: boolean }> {
  const packed = await packRawFeed(feed)
  const place = await placeRawFeed(tx, authorizationUid, packed, keeping.now)
  if (place.isNew) await insertRawFeed(tx, authorizationUid, place, packed, keeping)
  return { rawFeedUid: place.rawFeedUid, isNew: place.isNew }
}

/** From so many bytes on sealing leaves other work its turns. */
const LARGE = 262_144

async function digest(body: Uint8Array): Promise<Buffer> {
  const hash = createHash('sha256')
  await inTurns(body, (piece) => hash.update(piece))
  return hash.digest()
}

/** The bytes of a feed as they came. Null when it is not (or no longer) kept. Throws SecretUnreadable. */
export async function readRawFeed(
  tx: Tx,
  authorizationUid: Uid,
  rawFeedUid: Uid,
  envelope: Envelope,
): Promise<(RawFeed & { body: Buffer }) | null> {
  const { rows } = await sql<RawFeed & { body: Buffer; companyUid: Uid }>`
    select raw_feed_uid as "rawFeedUid", product, resource, fetched, media_type as "mediaType", size, outcome, body,
           company_uid as "companyUid"
      from raw_feeds where authorization_uid = ${authorizationUid} and raw_feed_uid = ${rawFeedUid}`.execute(tx)
  const [row] = rows
  if (!row) return null
  const { companyUid, body, ...feed } = row
  const opened = envelope.open(body, contextOf('raw_feeds', 'body', rawFeedUid, companyUid))
  const decompress = decompressors[opened[0] === GZIP_MARK ? 'gzip' : 'zstd']
  return { ...feed, body: await decompress(opened, { maxOutputLength: BYTES_LIMIT }) }
}

/** Bulk files of an authorization that came after a moment. */
export async function listFilesSince(
  tx: Tx,
  authorizationUid: Uid,
  since: Date,
): Promise<Pick<RawFeed, 'rawFeedUid' | 'resource'>[]> {
  const { rows } = await sql<Pick<RawFeed, 'rawFeedUid' | 'resource'>>`
    select raw_feed_uid as "rawFeedUid", resource from raw_feeds
     where authorization_uid = ${authorizationUid} and product = 'file' and fetched > ${since}`.execute(tx)
  return rows
}

/** The feeds of an authorization in the order in which they came, which is the order to replay them in; without bodies. */
export async function listRawFeeds(
  tx: Tx,
  authorizationUid: Uid,
  { after = '0', limit = 1000 }: { after?: Uid; limit?: number } = {},
): Promise<RawFeed[]> {
  const { rows } = await sql<RawFeed>`
    select raw_feed_uid as "rawFeedUid", product, resource, fetched, media_type as "mediaType", size, outcome
      from raw_feeds where authorization_uid = ${authorizationUid} and raw_feed_uid > ${after}
     order by raw_feed_uid limit ${limit}`.execute(tx)
  return rows
}

/** Keeps what the last decoding found: warnings and quarantined entries. */
export async function setOutcome(tx: Tx, authorizationUid: Uid, rawFeedUid: Uid, outcome: object): Promise<void> {
  await sql`
    update raw_feeds set outcome = ${JSON.stringify(outcome)}::jsonb
     where authorization_uid = ${authorizationUid} and raw_feed_uid = ${rawFeedUid}
       and outcome <> ${JSON.stringify(outcome)}::jsonb`.execute(tx)
}

/** Keeps how many bytes a feed has, inflated, where that was not known when it was written. */
export async function setSize(tx: Tx, authorizationUid: Uid, rawFeedUid: Uid, size: number): Promise<void> {
  await sql`
    update raw_feeds set size = ${size}::int
     where authorization_uid = ${authorizationUid} and raw_feed_uid = ${rawFeedUid}`.execute(tx)
}

/** Forgets feeds of an authorization that were fetched before a moment. Products keep naming them as their sources. */
export async function purgeRawFeeds(tx: Tx, authorizationUid: Uid, before: Date): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from raw_feeds where authorization_uid = ${authorizationUid} and fetched < ${before}`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}

/** How many feeds that readings and bills of an authorization came from are no longer kept. */
export async function countPurgedFeeds(tx: Tx, authorizationUid: Uid): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (
      select unnest(sources) as source from series_blocks where authorization_uid = ${authorizationUid}
       union select unnest(beneath_sources) from series_blocks where authorization_uid = ${authorizationUid}
       union select source from bills where authorization_uid = ${authorizationUid}) s
     where not exists (select from raw_feeds r where r.authorization_uid = ${authorizationUid} and r.raw_feed_uid = s.source)`.execute(
    tx,
  )
  return rows[0]?.count ?? 0
}
