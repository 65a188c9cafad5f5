import { parseArgs } from 'node:util'
import type { SimulatorOptions, ThirdParty } from './contract.ts'
import { PortTaken, startSimulators } from './index.ts'

/** Command line of the simulators; see README.md. One line of JSON on standard output when everything listens. */
const options = {
  state: { type: 'string' },
  seed: { type: 'string' },
  clock: { type: 'string' },
  customers: { type: 'string' },
  'history-months': { type: 'string' },
  pge: { type: 'string' },
  'pge-api': { type: 'string' },
  sce: { type: 'string' },
  'sce-api': { type: 'string' },
  demo: { type: 'string' },
  ...thirdPartyFlags('pge'),
  ...thirdPartyFlags('sce'),
  ...thirdPartyFlags('demo'),
} as const

type Values = Record<string, string | undefined>

function thirdPartyFlags<Name extends string>(name: Name) {
  const string = { type: 'string' } as const
  return { [`${name}-redirect-uri`]: string, [`${name}-notification-uri`]: string, [`${name}-portal-uri`]: string }
}

class Usage extends Error {}

const whole = (values: Values, flag: string): number | undefined => {
  const text = values[flag]
  if (text === undefined) return undefined
  if (!/^\d{1,9}$/.test(text)) throw new Usage(`--${flag} wants a whole number, not "${text}"`)
  return Number(text)
}

const thirdParty = (values: Values, name: string): ThirdParty | undefined => {
  const [redirectUri, notificationUri, portalUri] = ['redirect', 'notification', 'portal'].map((what) => values[`${name}-${what}-uri`])
  if (redirectUri === undefined && notificationUri === undefined) return undefined
  if (redirectUri === undefined || notificationUri === undefined)
    throw new Usage(`--${name}-redirect-uri and --${name}-notification-uri go together`)
  return { redirectUri, notificationUri, ...(portalUri === undefined ? {} : { portalUri }) }
}

/** Leaves out what was not given, so that the defaults of the simulators hold. */
const given = <T extends Record<string, unknown>>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> }

const optionsFrom = (values: Values): SimulatorOptions => {
  if (values['clock'] !== undefined && Number.isNaN(Date.parse(values['clock']))) throw new Usage('--clock wants an ISO date-time')
  return given({
    stateDir: values['state'],
    seed: whole(values, 'seed'),
    clock: values['clock'],
    customers: whole(values, 'customers'),
    historyMonths: whole(values, 'history-months'),
    ports: given({
      pgePages: whole(values, 'pge'),
      pgeApi: whole(values, 'pge-api'),
      sce: whole(values, 'sce'),
      sceApi: whole(values, 'sce-api'),
      demo: whole(values, 'demo'),
    }),
    thirdParties: given({ pge: thirdParty(values, 'pge'), sce: thirdParty(values, 'sce'), demo: thirdParty(values, 'demo') }),
  })
}

try {
  const { values } = parseArgs({ options, strict: true })
  const simulators = await startSimulators(optionsFrom(values as Values))
  const stop = (): void => {
    void simulators.close().then(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  const { pge, sce, demo } = simulators
  process.stdout.write(`${JSON.stringify({ pge, sce, demo })}\n`)
} catch (error) {
  const plain = error instanceof Usage || error instanceof PortTaken || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
  process.stderr.write(`${plain && error instanceof Error ? error.message : String(error instanceof Error ? error.stack : error)}\n`)
  process.exit(1)
}
