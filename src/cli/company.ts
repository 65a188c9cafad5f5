import { randomBytes } from 'node:crypto'

import type { z } from 'zod'

import { addCompany, giveToken, newCompany } from '../accounts/add-company.ts'
import { readConfig } from '../config.ts'
import { openStore, type Store } from '../open-store.ts'
import { listCompanies } from '../storage/companies.ts'

type Out = (line: string) => void

/** `gbp company add`: takes on a company and shows its first token. Throws a sentence for each thing that is wrong. */
export async function addToCompanies(
  env: NodeJS.ProcessEnv,
  given: Partial<z.input<typeof newCompany>>,
  out: Out,
): Promise<void> {
  const parsed = newCompany.safeParse({ ...given, legalName: given.legalName ?? given.name })
  if (!parsed.success) throw new Error(parsed.error.issues.map(({ message }) => `Not added: ${message}.`).join('\n'))
  await withStore(env, async (deps, publicUrl) => {
    const { company, token } = await addCompany(deps, parsed.data)
    out(`${company.alias} is company ${company.companyUid}. Its token, shown only now:`)
    out(token)
    out(`It makes its authorization form with POST ${publicUrl}/api/v3/templates, and members and tokens of its own`)
    out(`(${publicUrl}/docs/api).`)
  })
}

/** `gbp company list` */
export async function showCompanies(env: NodeJS.ProcessEnv, { json }: { json?: boolean }, out: Out): Promise<void> {
  await withStore(env, async ({ db }) => {
    const rows = await db.operator((tx) => listCompanies(tx))
    const shown = rows.map(({ companyUid, alias, name, email, created }) => ({
      ...{ company_uid: companyUid, alias, name, email, created: created.toISOString() },
    }))
    if (json) out(JSON.stringify(shown))
    else if (shown.length === 0) out('There are no companies yet. Add one: gbp company add --help')
    else for (const { company_uid, alias, name } of shown) out(`${company_uid.padEnd(8)} ${alias.padEnd(24)} ${name}`)
  })
}

/** `gbp company token ALIAS EMAIL`: a new token for a member who lost theirs. */
export async function showNewToken(env: NodeJS.ProcessEnv, alias: string, email: string, out: Out): Promise<void> {
  await withStore(env, async (deps) => out(await giveToken(deps, { alias, email })))
}

type Deps = Pick<Store, 'db'> & { now: () => Date; random: (bytes: number) => Uint8Array }

async function withStore(
  env: NodeJS.ProcessEnv,
  work: (deps: Deps, publicUrl: string) => Promise<void>,
): Promise<void> {
  const config = readConfig(env)
  const store = await openStore(config, (sentence) => void process.stderr.write(`${sentence}\n`))
  try {
    await work({ db: store.db, now: () => new Date(), random: randomBytes }, config.publicUrl)
  } finally {
    await store.close()
  }
}
