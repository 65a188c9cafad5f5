import { benchApi } from './api.ts'
import { benchCollect } from './collect.ts'
import { benchDecode } from './decode.ts'
import { benchParse } from './parse.ts'
import { benchScale } from './scale.ts'
import { benchSimulators } from './simulators.ts'
import { benchStore } from './store.ts'
import { benchWebhooks } from './webhooks.ts'
import { benchWrite } from './write.ts'

/** `npm run bench -- SUITE [flags]` */
const suites: Record<string, (args: readonly string[]) => Promise<void>> = {
  api: benchApi,
  parse: benchParse,
  collect: benchCollect,
  decode: benchDecode,
  scale: benchScale,
  simulators: benchSimulators,
  store: benchStore,
  webhooks: benchWebhooks,
  write: benchWrite,
}

const [name = '', ...args] = process.argv.slice(2)
const suite = suites[name]
if (suite === undefined) {
  console.error(`Usage: npm run bench -- ${Object.keys(suites).join('|')} [--full]`)
  process.exitCode = 2
} else await suite(args)
