import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ThirdParty } from '../contract.ts'
import type { Correction, MeterChange, Move, Rebill } from '../world/world.ts'
import type { StoredParty } from './parties.ts'
import { defaultSettings, type Settings } from './settings.ts'

export type Authorization = {
  id: string
  login: string
  /** Ids of the shared usage points. */
  agreements: string[]
  /** Data groups (PG&E) or data types (SCE) the customer left ticked. */
  data: string[]
  scope: string
  createdAt: number
  endsAt: number | null
  /** 0 revoked, 1 active, 2 denied. */
  status: 0 | 1 | 2
  /** Moment whose data the last delivered file holds; only for a utility that delivers files. */
  deliveredAt: number | null
  /** Third party it was given to; absent: the first. */
  party?: string
  /** PG&E: how far the data reach back from the consent. */
  historySeconds?: number
  /** SCE: how often each data type is sent, as the customer chose. */
  frequencies?: Record<string, string>
}

export type Code = {
  authorization: string
  redirectUri: string
  expiresAt: number
  used: boolean
  test: boolean
  challenge?: string
}

export type Token = {
  kind: 'access' | 'refresh' | 'client'
  /** Absent in files of older versions: the first. */
  party?: string
  authorization: string | null
  expiresAt: number
  test: boolean
}

/** A prepared answer that a notification names; rendered again whenever it is fetched. */
export type Delivery = {
  id: string
  kind: string
  authorizations: string[]
  party?: string
  createdAt: number
  /** Reading times, both ends included; null: everything published. */
  window: { min: number; max: number } | null
  /** Local days on top of the window (corrections of the last day). */
  days: number[]
  /** Local days of single usage points on top: what was corrected. */
  changed?: Record<string, number[]>
  path: string
  /** SCE: what each authorization had been sent until, and what one correction or re-bill is about. */
  since?: Record<string, number | null>
  usagePoint?: string
  periods?: number[]
}

export type State = {
  originDay: number | null
  historyMonths: number
  seed: number
  clock: { at: number | null; offset: number }
  lastPushDay: number | null
  nextNumber: number
  thirdParty: ThirdParty | null
  parties: Record<string, StoredParty>
  authorizations: Record<string, Authorization>
  codes: Record<string, Code>
  tokens: Record<string, Token>
  deliveries: Record<string, Delivery>
  corrections: Correction[]
  rebills: Rebill[]
  moves: Move[]
  meterChanges: MeterChange[]
  settings: Settings
}

const emptyState = (): State => ({
  originDay: null,
  historyMonths: 13,
  seed: 1,
  clock: { at: null, offset: 0 },
  lastPushDay: null,
  nextNumber: 0,
  thirdParty: null,
  parties: {},
  authorizations: {},
  codes: {},
  tokens: {},
  deliveries: {},
  corrections: [],
  rebills: [],
  moves: [],
  meterChanges: [],
  settings: { ...defaultSettings },
})

export type Store = { state: State; isNew: boolean; save(): void; flush(): void }

/** Opens the state of one utility. Changes are written together, a few milliseconds after `save`, by rename. */
export const openStore = (directory: string | null, name: string): Store => {
  const file = directory === null ? null : path.join(directory, `${name}.json`)
  const { state, isNew } = file === null ? { state: emptyState(), isNew: true } : load(file)
  let timer: NodeJS.Timeout | null = null
  let pauseMs = 15
  const flush = (): void => {
    if (timer) clearTimeout(timer)
    timer = null
    if (file === null) return
    const began = performance.now()
    writeAtomically(file, JSON.stringify(state))
    pauseMs = Math.max(15, 10 * (performance.now() - began)) // a large state must not keep the process busy
  }
  const save = (): void => {
    if (file !== null) timer ??= setTimeout(flush, pauseMs)
  }
  return { state, isNew, save, flush }
}

export const writeAtomically = (file: string, text: string): void => {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

function load(file: string): { state: State; isNew: boolean } {
  try {
    const stored: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (!isState(stored)) throw new Error('Not a state of the simulators')
    const empty = emptyState()
    return { state: { ...empty, ...stored, settings: { ...empty.settings, ...stored.settings } }, isNew: false }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { state: emptyState(), isNew: true }
    throw new Error(`The simulators cannot read their state in ${file}`, { cause: error })
  }
}

/** Our own file: enough to tell it from something else. Fields that a newer version adds get their defaults. */
function isState(value: unknown): value is Partial<State> {
  return typeof value === 'object' && value !== null && 'authorizations' in value && 'tokens' in value
}
