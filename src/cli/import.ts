import { readFile } from 'node:fs/promises'
import path from 'node:path'

import { openStore } from '../open-store.ts'
import { importFeeds, recognizeUtility } from '../collection/import-feeds.ts'
import { readConfig } from '../config.ts'
import type { Warning } from '../model/decoded-feed.ts'
import { FeedRejected } from '../espi/errors.ts'
import { parseBytes } from '../espi/parse.ts'
import { countProducts, type ProductCounts } from '../storage/count-products.ts'
import { listCompanies } from '../storage/companies.ts'
import type { Db } from '../storage/db.ts'
import { listTemplates, type TemplateRow } from '../storage/templates.ts'
import type { Utility } from '../utilities/contract.ts'
import { utilities } from '../utilities/index.ts'
import { ensureDemoCompany } from '../accounts/demo-company.ts'

type Options = { company?: string; utility?: string; json?: boolean }

/**
 * `gbp import FILE...`: files that a utility wrote for one customer, into the four products of one company. Nothing is
 * stored unless every file can be read. Returns the exit code.
 */
export async function importFiles(
  env: NodeJS.ProcessEnv,
  names: readonly string[],
  options: Options,
  out: (line: string) => void,
): Promise<number> {
  const files: { name: string; bytes: Uint8Array }[] = []
  for (const name of names) {
    const bytes = await readFile(name).catch((error: NodeJS.ErrnoException) => error)
    if (bytes instanceof Error)
      return complain(name, `it cannot be opened (${bytes.code ?? bytes.message})`, options, out)
    files.push({ name: path.basename(name), bytes })
  }
  for (const { name, bytes } of files) {
    const why = reasonAgainst(bytes)
    if (why !== null) return complain(name, why, options, out)
  }
  const utility = utilityOf(files, options.utility)
  if (typeof utility === 'string') return complain(names[0] ?? '', utility, options, out)

  const store = await openStore(readConfig(env), (sentence) => void process.stderr.write(`${sentence}\n`))
  try {
    const deps = { ...store, now: () => new Date() }
    const template = await templateFor(deps, options.company ?? null)
    const { authorizationUid, warnings } = await importFeeds(deps, { template, utility, files })
    if (authorizationUid === null) {
      const what = 'it is a Green Button document, but there is no meter, reading, bill or account in it to import'
      return complain(names.join(', '), what, options, out)
    }
    const counts = await store.db.operator((tx) => countProducts(tx, authorizationUid))
    if (options.json)
      out(JSON.stringify({ ok: true, utility: utility.id, authorization_uid: authorizationUid, ...counts, warnings }))
    else print({ utility, template, authorizationUid, counts, warnings }, out)
    return 0
  } catch (error) {
    if (error instanceof FeedRejected) return complain(names.join(', '), error.message, options, out)
    throw error
  } finally {
    await store.close()
  }
}

/** Why a file cannot be read, in a sentence; null when it can. */
function reasonAgainst(bytes: Uint8Array): string | null {
  try {
    parseBytes(bytes)
    return null
  } catch (error) {
    if (error instanceof FeedRejected) return error.message
    throw error
  }
}

function utilityOf(files: readonly { bytes: Uint8Array }[], given: string | undefined): Utility | string {
  const known = utilities.map(({ id }) => id).join(', ')
  if (given !== undefined) {
    const wanted = given.toLowerCase()
    return (
      utilities.find(({ id, slug }) => id.toLowerCase() === wanted || slug === wanted) ??
      `no utility is called ${given}; known: ${known}`
    )
  }
  for (const { bytes } of files) {
    const found = recognizeUtility(utilities, bytes)
    if (found) return found
  }
  return `the file does not tell which utility wrote it; name it with --utility (one of ${known}), or see what is in it with: gbp inspect`
}

/** The template of the company meant; where there is no company at all, the demo company is made. */
async function templateFor(deps: { db: Db; now: () => Date }, alias: string | null): Promise<TemplateRow> {
  const companies = await deps.db.operator((tx) => listCompanies(tx))
  if (companies.length === 0 && alias === null) await ensureDemoCompany(deps)
  return await deps.db.operator(async (tx) => {
    const all = await listCompanies(tx)
    const meant = alias === null ? all : all.filter((company) => company.alias === alias)
    const names = all.map((company) => company.alias).join(', ') || 'none'
    if (meant.length > 1) throw new Error(`Name the company with --company. There are: ${names}.`)
    const [company] = meant
    if (!company) throw new Error(`No company has the alias ${alias}. There are: ${names}.`)
    const [template] = await listTemplates(tx, company.companyUid)
    if (!template) throw new Error(`The company ${company.alias} has no template yet; make one first.`)
    return template
  })
}

function complain(name: string, why: string, { json }: Options, out: (line: string) => void): number {
  if (json) out(JSON.stringify({ ok: false, file: name, error: why }))
  else process.stderr.write(`${name}: ${why}\n`)
  return 1
}

type Printed = {
  utility: Utility
  template: TemplateRow
  authorizationUid: string
  counts: ProductCounts
  warnings: Warning[]
}

function print({ utility, template, authorizationUid, counts, warnings }: Printed, out: (line: string) => void): void {
  out(`Imported for ${template.companyName} as authorization ${authorizationUid}, written by ${utility.name}:`)
  for (const [name, value] of Object.entries(counts)) out(`  ${name.replaceAll('_', ' ').padEnd(18)} ${value}`)
  for (const { code, count, message } of warnings) out(`  worth a look: ${message} (${code}, ${count} times)`)
}
