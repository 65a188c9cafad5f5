import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { startApp } from '../app.ts'
import { openStore } from '../open-store.ts'
import { type Config, readConfig } from '../config.ts'
import { openDemo } from './demo-company.ts'
import { type DemoCustomer, WALKS, walk } from './demo-walk.ts'
import { readLedger, type Totals, totalsOf } from './demo-totals.ts'
import { freePort } from './free-port.ts'
import { registerAtSimulator, startSimulatorsProcess } from './simulators-process.ts'

/** One customer of the demo as the API has it, beside the simulated utility's own ledger. */
export type DemoResult = { utility: string; authorization_uid: string } & Totals & {
    first_data_ms: number
    all_data_ms: number
    ledger: Totals
  }

/**
 * `npm run demo`: the customer's whole path over real HTTP, on free ports and in a temporary folder, for one customer of
 * PG&E and one of SCE; then every total from our API beside the utility's ledger. Returns 1 when anything differs.
 */
export async function demo({ json, out }: { json: boolean; out: (line: string) => void }): Promise<number> {
  const say = json ? (): void => undefined : out
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gbp-demo-'))
  const closing: (() => Promise<void>)[] = [() => rm(dataDir, { recursive: true, force: true })]
  try {
    const config: Config = readConfig({ DATA_DIR: dataDir, PORT: String(await freePort()), LOG_LEVEL: 'error' })
    say('Starting the database, the simulated utilities and the product …')
    const store = await openStore(config, () => undefined)
    closing.unshift(store.close)
    const simulators = await startSimulatorsProcess([])
    closing.unshift(simulators.close)
    const company = await openDemo(store, config, simulators.utilities)
    const app = await startApp(config, store, { api: true, worker: true, demo: company.shown })
    closing.unshift(app.close)
    for (const { utility, addresses } of company.registrations) await registerAtSimulator(utility, addresses)

    const customers: DemoResult[] = []
    for (const script of WALKS) {
      const utility = Object.values(simulators.utilities).find((one) => one.utility === script.utility)
      const form = company.shown.forms.find((one) => one.utility === script.utility)
      if (!utility || !form) throw new Error(`${script.utility} is not simulated`)
      customers.push(await runCustomer({ script, form: form.url, admin: utility.admin, shown: company.shown }, say))
    }
    const ok = customers.every(isEqual)
    if (json) out(JSON.stringify({ ok, customers }))
    else out(ok ? '\nEvery total equals the ledger.' : '\nTotals DIFFER from the ledger.')
    return ok ? 0 : 1
  } finally {
    for (const close of closing) await close()
  }
}

type Run = { script: DemoCustomer; form: string; admin: string; shown: { apiUrl: string; token: string } }

async function runCustomer({ script, form, admin, shown }: Run, say: (line: string) => void): Promise<DemoResult> {
  say(`\n${script.utility}: ${script.name}`)
  const { authorizationUid, subscription, firstDataMs, allDataMs } = await walk({ script, form, admin, shown }, say)
  const totals = await totalsOf(shown, authorizationUid)
  const ledger = await readLedger(admin, subscription)
  const result: DemoResult = {
    utility: script.utility,
    authorization_uid: authorizationUid,
    ...totals,
    first_data_ms: firstDataMs,
    all_data_ms: allDataMs,
    ledger,
  }
  for (const line of tableOf(result)) say(line)
  return result
}

const PRODUCTS: [product: string, keys: (keyof Totals)[]][] = [
  ['Meters', ['meters']],
  ['Intervals', ['readings', 'kwh_delivered', 'kwh_received', 'therms', 'gaps']],
  ['Bills', ['bills', 'bill_total', 'line_items']],
  ['Accounting', ['billing_summaries']],
]

function tableOf(result: DemoResult): string[] {
  const lines = [`  first data after ${result.first_data_ms} ms, all after ${result.all_data_ms} ms`]
  for (const [product, keys] of PRODUCTS) {
    lines.push(`  ${product.padEnd(22)} ${'our API'.padStart(16)} ${'their ledger'.padStart(16)}`)
    for (const key of keys) {
      const [ours, theirs] = [String(result[key]), String(result.ledger[key])]
      lines.push(
        `    ${key.padEnd(20)} ${ours.padStart(16)} ${theirs.padStart(16)}   ${ours === theirs ? '=' : 'DIFFERS'}`,
      )
    }
  }
  return lines
}

function isEqual(result: DemoResult): boolean {
  return PRODUCTS.every(([, keys]) => keys.every((key) => result[key] === result.ledger[key]))
}
