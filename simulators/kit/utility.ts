import type { ThirdParty, UtilityInfo } from '../contract.ts'
import { findHousehold, namedLogins } from '../world/customers.ts'
import { agreementsOf, type Agreement, type Household } from '../world/household.ts'
import { type Ledger, ledgerOf, type Shared } from '../world/ledger.ts'
import { dayOf } from '../world/local-days.ts'
import { digitsOf, hash } from '../world/random.ts'
import type { UtilityName, World } from '../world/world.ts'
import { type Certificates, openCertificates } from './certificates.ts'
import { createFaults, type Faults } from './faults.ts'
import { createNotifier, type Notifier } from './notifier.ts'
import { firstParty, partiesOf, type Party } from './parties.ts'
import { createRequestLog, type RequestLog } from './requests.ts'
import type { Settings } from './settings.ts'
import { type Authorization, openStore, type State, type Store } from './state.ts'

/** One running utility: its world, what it remembers, and its tools. Origins are known once its servers listen. */
export type Utility = {
  name: UtilityName
  label: UtilityInfo['utility']
  title: string
  world: World
  store: Store
  state: State
  settings: Settings
  certificates: Certificates | null
  /** Registered third parties; the first is the one that this program was started for. */
  parties: Party[]
  origins: { pages: string; api: string }
  faults: Faults
  requests: RequestLog
  notifier: Notifier
  /** Told when time has ended an authorization; the servers set it. */
  onEnded: (authorization: Authorization) => void
  /** Presents another server certificate on the API; the servers set it. */
  present: (tls: { certificate: string; key: string }) => void
  /** Makes faults of the connection true: closes or opens the API's port, and idle connections. The servers set it. */
  meetFaults: () => Promise<void>
  /** Certificates of arranged faults, by mode. */
  badCertificates: Map<string, { certificate: string; key: string }>
  /** Moment of the utility's clock, whole epoch seconds. */
  now(): number
  /** What an authorization sees of the world: agreements and data groups. */
  sharedOf(authorization: Authorization): Shared
}

export type UtilityOptions = {
  name: UtilityName
  label: UtilityInfo['utility']
  title: string
  lagDays: number
  settings: Partial<Settings>
  tls: boolean
  stateDir: string | null
  seed: number | null
  clock: string | null
  customers: number
  historyMonths: number | null
  thirdParty: ThirdParty | null
  /** Which data groups open readings, bills and costs. */
  sees: (data: readonly string[]) => { usage: boolean; bills: boolean; costs: boolean }
}

export const createUtility = async (options: UtilityOptions): Promise<Utility> => {
  const store = openStore(options.stateDir, options.name)
  const { state } = store
  if (store.isNew) Object.assign(state.settings, options.settings)
  if (options.thirdParty) state.thirdParty = options.thirdParty
  if (options.clock) state.clock = { at: epochOf(options.clock), offset: 0 }
  state.historyMonths = options.historyMonths ?? state.historyMonths
  state.seed = options.seed ?? state.seed
  const now = (): number => Math.floor(clockMs(state) / 1000)
  const today = dayOf(now())
  state.originDay = Math.min(state.originDay ?? today, today)
  state.lastPushDay = Math.min(state.lastPushDay ?? today, today)
  if (state.nextNumber === 0) state.nextNumber = Number(digitsOf(7, hash(state.seed, options.name) % 1000, 19))
  const certificates = options.tls
    ? await openCertificates(options.stateDir, options.name, options.name === 'pge')
    : null
  const world: World = {
    utility: options.name,
    seed: state.seed,
    originDay: state.originDay,
    historyMonths: state.historyMonths,
    get lagDays() {
      return state.settings.publishAfterDays ?? options.lagDays
    },
    fleet: options.customers,
    corrections: state.corrections,
    rebills: state.rebills,
    moves: state.moves,
    meterChanges: state.meterChanges,
    households: new Map(),
  }
  const utility: Utility = {
    name: options.name,
    label: options.label,
    title: options.title,
    world,
    store,
    state,
    settings: state.settings,
    certificates,
    parties: partiesOf({
      seed: state.seed,
      utility: options.name,
      state,
      certificate: options.name === 'pge' ? (certificates?.client ?? null) : null,
    }),
    origins: { pages: '', api: '' },
    faults: createFaults(now),
    requests: createRequestLog(),
    notifier: createNotifier(),
    onEnded: () => undefined,
    present: () => undefined,
    meetFaults: async () => undefined,
    badCertificates: new Map(),
    now,
    sharedOf: (authorization) => ({
      agreements: sharedAgreements(world, authorization),
      ...options.sees(authorization.data),
      asOf: authorization.deliveredAt ?? now(),
      firstDay:
        authorization.historySeconds === undefined ? 0 : dayOf(authorization.createdAt - authorization.historySeconds),
    }),
  }
  store.save()
  return utility
}

export const clockMs = (state: State): number =>
  state.clock.at === null ? Date.now() + state.clock.offset * 1000 : state.clock.at * 1000

export const epochOf = (iso: string): number => {
  const at = Date.parse(iso)
  if (Number.isNaN(at)) throw new Error(`Not an ISO date-time: ${iso}`)
  return Math.floor(at / 1000)
}

/** Sets the clock to a moment at which it stands still, or back to real time. A clock before the origin moves it. */
export const setClock = (utility: Utility, iso: string | null): void => {
  utility.state.clock = { at: iso === null ? null : epochOf(iso), offset: 0 }
  const today = dayOf(utility.now())
  if (utility.state.originDay !== null && today < utility.state.originDay) {
    utility.state.originDay = today
    utility.world.originDay = today
    utility.world.households.clear()
  }
  utility.state.lastPushDay = Math.min(utility.state.lastPushDay ?? today, today)
  utility.store.save()
}

const raise = (message: string): never => {
  throw new Error(message)
}

/** Origin of the links in answers: a setting, or where the API listens. */
export const linkOrigin = (utility: Utility): string => utility.settings.linkOrigin ?? utility.origins.api

export const partyOfClient = (utility: Utility, clientId: string | null): Party | null =>
  utility.parties.find((p) => p.registration.clientId === clientId) ?? null

export const partyNamed = (utility: Utility, name: string | undefined): Party =>
  utility.parties.find((p) => p.name === (name ?? firstParty)) ?? raise(`No third party ${name}`)

export const householdOf = (utility: Utility, login: string): Household | null => findHousehold(utility.world, login)

/** Agreements of an authorization, in the order of the household; one that the world no longer has is left out. */
export const sharedAgreements = (world: World, authorization: Authorization): Agreement[] => {
  const household = findHousehold(world, authorization.login)
  return household ? agreementsOf(household).filter((a) => authorization.agreements.includes(a.id)) : []
}

export const ledgerFor = (utility: Utility, authorization: Authorization): Ledger =>
  ledgerOf(utility.world, utility.sharedOf(authorization))

export const infoOf = (utility: Utility): UtilityInfo => ({
  utility: utility.label,
  pages: utility.origins.pages,
  api: utility.origins.api,
  ca: utility.certificates?.ca ?? null,
  admin: utility.origins.pages,
  registration: utility.parties[0]?.registration ?? raise('No third party is registered'),
  customers: namedLogins(utility.name).flatMap((login) => {
    const household = householdOf(utility, login)
    return household
      ? [{ login, password: household.password, name: household.name, email: household.email, about: household.about }]
      : []
  }),
})
