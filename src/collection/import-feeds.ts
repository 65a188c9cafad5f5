import { createHash } from 'node:crypto'

import { begin, transition } from '../authorization/states.ts'
import { DATA_CLASSES } from '../model/authorization-states.ts'
import type { DecodedFeed, Warning } from '../model/decoded-feed.ts'
import type { Uid } from '../model/uid.ts'
import { findImported, setImported } from '../storage/imported.ts'
import type { Db, Tx } from '../storage/db.ts'
import { saveRawFeed, setOutcome } from '../storage/raw-feeds.ts'
import type { Envelope } from '../storage/secrets.ts'
import type { TemplateRow } from '../storage/templates.ts'
import { enterWrite } from '../storage/write-gate.ts'
import type { Utility } from '../utilities/contract.ts'
import { decodeFeed, decodingOf } from '../utilities/decode.ts'
import { finishUpdate } from './finish-update.ts'
import { storeFeed } from './store-feed.ts'

const FOREVER = new Date('9999-12-31T00:00:00Z')
const HEAD_BYTES = 16_384

export type ImportDeps = { db: Db; envelope: Envelope; now: () => Date }
export type FileToImport = { name: string; bytes: Uint8Array }
/** authorizationUid null: the files hold nothing to import. */
export type Imported = { authorizationUid: Uid | null; warnings: Warning[] }

/**
 * Brings files that a utility wrote for one customer into the four products, under an authorization of their own: the
 * company had them from the customer, so the company answers for the consent. The same files again change nothing.
 * All files are decoded before anything is stored; where none of them holds data of a customer, nothing is. Throws
 * FeedRejected.
 */
export async function importFeeds(
  deps: ImportDeps,
  { template, utility, files }: { template: TemplateRow; utility: Utility; files: readonly FileToImport[] },
): Promise<Imported> {
  const now = deps.now()
  const decoded = files.map((file) => ({ ...file, feed: decodeFeed(file.bytes, decodingOf(utility)) }))
  const digest = createHash('sha256')
  for (const { bytes } of files) digest.update(createHash('sha256').update(bytes).digest())
  const mark = `import:${digest.digest('hex')}`
  if (decoded.every(({ feed }) => isEmpty(feed))) return { authorizationUid: null, warnings: [] }
  return await deps.db.operator(async (tx) => {
    const known = await findImported(tx, template.companyUid, mark)
    const authorizationUid = known ?? (await authorizationFor(tx, { template, utility, mark, now }))
    const bills: Uid[] = []
    for (const { name, bytes, feed } of decoded) {
      const { historyStart } = await enterWrite(tx, authorizationUid, { dataClass: DATA_CLASSES, now })
      const raw = { product: 'import', resource: name, mediaType: 'application/atom+xml', body: bytes }
      const { rawFeedUid } = await saveRawFeed(tx, authorizationUid, raw, { envelope: deps.envelope, now })
      const { billUids } = await storeFeed(tx, authorizationUid, feed, {
        timezone: utility.timezone,
        dataClasses: DATA_CLASSES,
        historyStart,
        source: rawFeedUid,
        now,
      })
      bills.push(...billUids)
      await setOutcome(tx, authorizationUid, rawFeedUid, { warnings: feed.warnings, quarantined: feed.quarantined })
    }
    await finishUpdate(tx, authorizationUid, now, bills)
    return { authorizationUid, warnings: decoded.flatMap(({ feed }) => [...feed.warnings, ...leftOut(feed)]) }
  })
}

/** True when a feed is a Green Button document without anything of a customer in it: a notification, a list of reading types. */
function isEmpty({ meters, series, bills, billingAccounts }: DecodedFeed): boolean {
  return meters.length + series.length + bills.length + billingAccounts.length === 0
}

function leftOut({ quarantined }: DecodedFeed): Warning[] {
  return quarantined.map(({ code, message }) => ({ code, count: 1, message }))
}

async function authorizationFor(
  tx: Tx,
  { template, utility, mark, now }: { template: TemplateRow; utility: Utility; mark: string; now: Date },
): Promise<Uid> {
  const why = { by: 'company', reason: 'imported_file', now } as const
  const { authorizationUid } = await begin(
    tx,
    {
      companyUid: template.companyUid,
      templateUid: template.templateUid,
      formUid: null,
      memberUid: template.memberUid,
      registrationUid: null,
      utility: utility.id,
      state: 'pending',
      customerName: 'Imported file',
      customerEmail: template.companyEmail,
      language: 'en',
      dataClasses: [...DATA_CLASSES],
      historyStart: new Date(0),
      expires: FOREVER,
      monitoring: 'off',
      created: now,
    },
    why,
  )
  await setImported(tx, authorizationUid, mark)
  await transition(tx, authorizationUid, 'active', why)
  return authorizationUid
}

/** The utility whose marks stand near the beginning of a file; null when none does. */
export function recognizeUtility(utilities: readonly Utility[], bytes: Uint8Array): Utility | null {
  const head = Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString('latin1')
  return utilities.find(({ fileMarks }) => fileMarks.some((mark) => head.includes(mark))) ?? null
}
