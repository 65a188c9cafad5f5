import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'

import { z } from 'zod'

import { findAuthorization } from '../storage/authorizations.ts'
import { endClientConsents } from '../storage/client-consents.ts'
import type { Db, Tx } from '../storage/db.ts'
import { type End, listEnds } from '../storage/list-ends.ts'
import { dropGrant, endAuthorization } from './end-authorization.ts'
import type { PathConfig } from './path-deps.ts'
import { isStep, transition } from './states.ts'

const line = z.object({
  at: z.iso.datetime().transform((text) => new Date(text)),
  authorizationUid: z.string().regex(/^\d{1,16}$/),
  was: z.enum(['revoked', 'renewed', 'client_ended']),
})

/** Entries that a slow transaction commits late are found within it. */
const OVERLAP_MS = 10 * 60_000
const PAGE = 1000

/**
 * Appends to a file which shares ended since its last line: a ledger kept apart from the database and its backups, so that
 * a restore brings nothing back that its customer had stopped. Lines of JSON: moment, uid, what happened. A line that a
 * kill cut off is written again. Returns how many were appended; the file is on disk then.
 */
export async function recordEnds({ db, file }: { db: Db; file: string }): Promise<number> {
  const last = await readLast(file)
  const known = new Set(last.map(keyOf))
  let cursor = { from: new Date((last.at(-1)?.at.getTime() ?? OVERLAP_MS) - OVERLAP_MS), after: '0' }
  let appended = 0
  for (;;) {
    const page = await db.operator((tx) => listEnds(tx, { ...cursor, limit: PAGE }))
    const fresh = page.filter((end) => !known.has(keyOf(end)))
    if (fresh.length > 0) await append(file, fresh)
    appended += fresh.length
    const next = page.at(-1)
    if (!next || page.length < PAGE) return appended
    cursor = { from: next.at, after: next.auditUid }
  }
}

/**
 * Ends again what the ledger says had ended, in the transaction that restores: data and tokens go, the utility is owed its
 * word; of third parties that were let in, all of that share are out. What was renewed after the backup waits for its customer, since its terms and tokens are not those that were
 * restored. Returns how many shares changed.
 */
export async function replayEnds(
  tx: Tx,
  config: PathConfig,
  p: { file: string; backupMade: Date; now: Date },
): Promise<number> {
  let changed = 0
  for await (const end of readAll(p.file)) if (await replay(tx, config, { ...p, end })) changed++
  return changed
}

async function replay(
  tx: Tx,
  config: PathConfig,
  { end, backupMade, now }: { end: End; backupMade: Date; now: Date },
): Promise<boolean> {
  const { authorizationUid } = end
  const row = await findAuthorization(tx, authorizationUid)
  if (!row) return false
  if (end.was === 'client_ended')
    return (await endClientConsents(tx, { authorizationUid, by: 'operator', now })).length > 0
  if (end.was === 'renewed') {
    if (end.at < backupMade || !isStep(row.state, 'needs_reauthorization')) return false
    await transition(tx, authorizationUid, 'needs_reauthorization', { by: 'operator', reason: 'restored', now })
    return true
  }
  const why = { by: 'operator', reason: 'ended_before_restore', now } as const
  if (row.state === 'pending') {
    await dropGrant(tx, authorizationUid, why)
    return true
  }
  return (await endAuthorization(tx, config, { authorizationUid, to: 'revoked', why })) !== null
}

const lineOf = ({ at, authorizationUid, was }: End): End => ({ at, authorizationUid, was })
const keyOf = ({ at, authorizationUid, was }: End): string => `${at.toISOString()} ${authorizationUid} ${was}`

async function append(file: string, ends: readonly End[]): Promise<void> {
  const handle = await open(file, 'a+', 0o600)
  try {
    const { size } = await handle.stat()
    const isCut = size > 0 && (await handle.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0] !== NEWLINE
    const text = ends.map((end) => `${JSON.stringify(lineOf(end))}\n`).join('')
    await handle.writeFile(`${isCut ? '\n' : ''}${text}`)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const NEWLINE = 10
/** Some ten thousand lines: more than ten minutes bring. */
const TAIL = 1 << 20

async function readLast(file: string): Promise<End[]> {
  const handle = await open(file, 'a+', 0o600)
  try {
    const { size } = await handle.stat()
    const start = Math.max(0, size - TAIL)
    const { buffer } = await handle.read(Buffer.alloc(size - start), 0, size - start, start)
    const lines = buffer.toString('utf8').split('\n')
    return (start > 0 ? lines.slice(1) : lines).flatMap(endOf)
  } finally {
    await handle.close()
  }
}

async function* readAll(file: string): AsyncGenerator<End> {
  for await (const text of createInterface({ input: createReadStream(file) })) yield* endOf(text)
}

/** A line's end; none where a kill cut it off, for then it stands once more below. */
function endOf(text: string): End[] {
  if (!text.endsWith('}')) return []
  return [line.parse(JSON.parse(text))]
}
