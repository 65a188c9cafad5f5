import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, zstdCompress, zstdDecompress } from 'node:zlib'

import { sql } from 'kysely'

import { DATA_CLASSES } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { contextOf, type Envelope } from './secrets.ts'
import { covered, nextChildren, whyNot } from './write-gate.ts'

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

/**
 * Keeps a feed as it came, compressed and sealed, so that a better decoder can replay it. What came as gzip stays gzip: zstd
 * is no smaller, and a second compression is measured to cost as much as the hash and half of the parsing. A feed with the same
 * bytes as the last one of its product and resource is not kept twice (isNew false, the uid of the one that is there).
 * Throws ConsentEnded.
 */
export async function saveRawFeed(
  tx: Tx,
  authorizationUid: Uid,
  feed: NewRawFeed,
  { envelope, now }: { envelope: Envelope; now: Date },
): Promise<{ rawFeedUid: Uid; isNew: boolean }> {
  const { product, resource, mediaType, body, inflatedSize } = feed
  const sha256 = createHash('sha256').update(body).digest()
  const last = await findLast(tx, authorizationUid, feed)
  if (last?.sha256.equals(sha256)) return { rawFeedUid: last.uid, isNew: false }
  const [rawFeedUid = ''] = await nextChildren(tx, authorizationUid, 1)
  const companyUid = await companyOf(tx, authorizationUid)
  const packed = inflatedSize === undefined ? await compress(body) : body
  const sealed = envelope.seal(packed, contextOf('raw_feeds', 'body', rawFeedUid, companyUid))
  const { numAffectedRows } = await sql`
    insert into raw_feeds (authorization_uid, raw_feed_uid, company_uid, product, resource, fetched, media_type, sha256,
      size, body)
    select a.authorization_uid, ${rawFeedUid}::bigint, a.company_uid, ${product}, ${resource}, ${now}, ${mediaType},
           ${sha256}::bytea, ${inflatedSize ?? body.length}::int, ${sealed}::bytea
      from authorizations a where ${covered(authorizationUid, DATA_CLASSES, now)}`.execute(tx)
  if (numAffectedRows !== 1n) throw await whyNot(tx, authorizationUid, { classes: DATA_CLASSES, now })
  return { rawFeedUid, isNew: true }
}

async function findLast(
  tx: Tx,
  authorizationUid: Uid,
  { product, resource }: NewRawFeed,
): Promise<{ uid: Uid; sha256: Buffer } | undefined> {
  const { rows } = await sql<{ uid: Uid; sha256: Buffer }>`
    select raw_feed_uid as uid, sha256 from raw_feeds
     where authorization_uid = ${authorizationUid} and product = ${product} and resource = ${resource}
     order by raw_feed_uid desc limit 1`.execute(tx)
  return rows[0]
}

async function companyOf(tx: Tx, authorizationUid: Uid): Promise<Uid> {
  const { rows } = await sql<{ uid: Uid }>`
    select company_uid as uid from authorizations where authorization_uid = ${authorizationUid}`.execute(tx)
  return rows[0]?.uid ?? ''
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
     where authorization_uid = ${authorizationUid} and raw_feed_uid = ${rawFeedUid}`.execute(tx)
}

/** Forgets the feeds that were fetched before a moment. Returns how many; products keep naming them as their sources. */
export async function purgeRawFeeds(tx: Tx, before: Date): Promise<number> {
  const { numAffectedRows } = await sql`delete from raw_feeds where fetched < ${before}`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}
