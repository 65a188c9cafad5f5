import path from 'node:path'

import { startApp } from '../app.ts'
import { openStore } from '../open-store.ts'
import { type Config, readConfig } from '../config.ts'
import { openDemo } from './demo-company.ts'
import { assertFree } from './free-port.ts'
import { registerAtSimulator, startSimulatorsProcess } from './simulators-process.ts'
import { untilTold } from './until-told.ts'

/**
 * `npm start`: the product on the embedded PostgreSQL, simulated PG&E, SCE and DEMO on loopback, and a demo company.
 * Prints what to open and who can sign in; ends cleanly at Ctrl-C; the next start goes on where it was.
 */
export async function start(env: NodeJS.ProcessEnv, out: (line: string) => void): Promise<void> {
  const config = readConfig(env)
  const closing: (() => Promise<void>)[] = []
  const told = untilTold()
  try {
    await assertFree([config.port, ...simulatorPorts(config)])
    const store = await openStore(config, out)
    closing.unshift(store.close)
    const simulators = await startSimulatorsProcess(simulatorArguments(config))
    closing.unshift(simulators.close)
    const demo = await openDemo(store, config, simulators.utilities)
    const app = await startApp(config, store, { api: true, worker: true, demo: demo.shown })
    closing.unshift(app.close)
    for (const { utility, addresses } of demo.registrations) await registerAtSimulator(utility, addresses)
    print(config, demo.shown, out)
    await told
    out('Ending …')
  } finally {
    for (const close of closing) await close()
  }
}

/** Five ports beside ours; free ones where ours is free to choose. */
function simulatorPorts({ port }: Pick<Config, 'port'>): number[] {
  return [11, 12, 13, 14, 15].map((offset) => (port === 0 ? 0 : port + offset))
}

/** Fixed ports beside ours, since grants at the utilities remember addresses. */
function simulatorArguments({ port, dataDir }: Config): string[] {
  const flags = ['--pge', '--pge-api', '--sce', '--sce-api', '--demo']
  const ports = flags.flatMap((flag, index) => [flag, String(simulatorPorts({ port })[index])])
  return ['--state', path.join(dataDir, 'simulators'), ...ports]
}

function print(
  config: Config,
  shown: Awaited<ReturnType<typeof openDemo>>['shown'],
  out: (line: string) => void,
): void {
  out('')
  out(`  green-button-proxy   ${config.publicUrl}   (this page shows what has come in)`)
  out('')
  out(`  ${shown.company} asks for data. Open a form in a browser, and sign in with a login below:`)
  for (const { utility, url } of shown.forms) out(`    ${utility.padEnd(6)} ${url}`)
  out('')
  out('  Customers of the simulated utilities:')
  for (const { utility, login, password, about } of shown.customers) {
    out(`    ${utility.padEnd(6)} ${`${login} / ${password}`.padEnd(18)} ${about}`)
  }
  out('')
  out(`  API    ${shown.apiUrl}`)
  out(`  token  ${shown.token}`)
  out(`         curl -H 'Authorization: Bearer ${shown.token}' '${shown.apiUrl}/authorizations?include=meters'`)
  out(`  data   ${shown.dataDir}`)
  if (shown.mailDir !== null) out(`  mail   ${shown.mailDir}   (mails are written there, none is sent)`)
  out('')
  out('  Ctrl-C ends everything.')
}
