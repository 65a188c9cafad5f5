import { parseArgs } from 'node:util'
import type { SimulatorOptions, ThirdParty } from './contract.ts'
import { PortTaken, startSimulators } from './index.ts'

/** Command line of the simulators; see README.md. One line of JSON on standard output when everything listens. */
const own = ['state', 'seed', 'clock', 'customers', 'history-months', 'pge', 'pge-api', 'sce', 'sce-api', 'demo']
const addresses = ['redirect', 'notification', 'portal'].map((what) => `${what}-uri`)
const flags = own.concat(['pge', 'sce', 'demo'].flatMap((name) => addresses.map((what) => `${name}-${what}`)))

type Values = Record<string, string | boolean | undefined>

class Usage extends Error {}

const text = (values: Values, flag: string): string | undefined => {
  const value = values[flag]
  return typeof value === 'string' ? value : undefined
}

const whole = (values: Values, flag: string): number | undefined => {
  const value = text(values, flag)
  if (value === undefined) return undefined
  if (!/^\d{1,9}$/.test(value)) throw new Usage(`--${flag} wants a whole number, not "${value}"`)
  return Number(value)
}

const thirdParty = (values: Values, name: string): ThirdParty | undefined => {
  const redirectUri = text(values, `${name}-redirect-uri`)
  const notificationUri = text(values, `${name}-notification-uri`)
  const portalUri = text(values, `${name}-portal-uri`)
  if (redirectUri === undefined && notificationUri === undefined) return undefined
  if (redirectUri === undefined || notificationUri === undefined)
    throw new Usage(`--${name}-redirect-uri and --${name}-notification-uri go together`)
  return { redirectUri, notificationUri, ...(portalUri === undefined ? {} : { portalUri }) }
}

/** An object with this one key, or none: what was not given keeps the default of the simulators. */
const given = <Key extends string, Value>(key: Key, value: Value | undefined): Partial<Record<Key, Value>> => {
  const found: Partial<Record<Key, Value>> = {}
  if (value !== undefined) found[key] = value
  return found
}

const optionsFrom = (values: Values): SimulatorOptions => {
  const clock = text(values, 'clock')
  if (clock !== undefined && Number.isNaN(Date.parse(clock))) throw new Usage('--clock wants an ISO date-time')
  return {
    ...given('stateDir', text(values, 'state')),
    ...given('seed', whole(values, 'seed')),
    ...given('clock', clock),
    ...given('customers', whole(values, 'customers')),
    ...given('historyMonths', whole(values, 'history-months')),
    ports: {
      ...given('pgePages', whole(values, 'pge')),
      ...given('pgeApi', whole(values, 'pge-api')),
      ...given('sce', whole(values, 'sce')),
      ...given('sceApi', whole(values, 'sce-api')),
      ...given('demo', whole(values, 'demo')),
    },
    thirdParties: {
      ...given('pge', thirdParty(values, 'pge')),
      ...given('sce', thirdParty(values, 'sce')),
      ...given('demo', thirdParty(values, 'demo')),
    },
  }
}

const isPlain = (error: unknown): error is Error =>
  error instanceof Usage ||
  error instanceof PortTaken ||
  (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))

try {
  const options: Record<string, { type: 'string' | 'boolean' }> = { 'until-stdin-ends': { type: 'boolean' } }
  for (const flag of flags) options[flag] = { type: 'string' }
  const { values } = parseArgs({ options, strict: true })
  const simulators = await startSimulators(
    optionsFrom(Object.fromEntries(flags.map((flag) => [flag, [values[flag]].flat()[0]]))),
  )
  const stop = (): void => {
    void simulators.close().then(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  // Whoever started us may be killed without a word; its end of the pipe closes all the same.
  if (values['until-stdin-ends'] === true) process.stdin.once('end', stop).once('error', stop).resume()
  const { pge, sce, demo } = simulators
  process.stdout.write(`${JSON.stringify({ pge, sce, demo })}\n`)
} catch (error) {
  process.stderr.write(`${isPlain(error) ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}
