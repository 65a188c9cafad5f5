import type { ThirdParty, UtilityInfo } from '../contract.ts'
import { digitsOf, hash, hexOf, lettersOf, uuidOf } from '../world/random.ts'
import type { UtilityName } from '../world/world.ts'
import { fingerprint } from './certificates.ts'
import type { State } from './state.ts'

/** A third party that is registered at the utility. The first one is there from the start; the admin API adds others. */
export type Party = {
  name: string
  registration: UtilityInfo['registration']
  /** SHA-256 of the registered client certificate, if it has one. */
  fingerprint: string | null
  addresses: ThirdParty | null
  /** "Notify me as data is ready": the daily package. */
  dailyPush: boolean
  /** How far back its authorizations reach, counted from the customer's consent. */
  historySeconds: number
}

/** What the state keeps of a party that was added. */
export type StoredParty = Pick<Party, 'dailyPush' | 'historySeconds'> & {
  addresses: ThirdParty
  certificate: string | null
  key: string | null
}

export const firstParty = 'first'

type Making = {
  seed: number
  utility: UtilityName
  state: State
  certificate: { certificate: string; key: string } | null
}

/** The parties of a utility: views of the state, so that a change there is a change here. */
export const partiesOf = (making: Making): Party[] => {
  const { state } = making
  const shown = making.certificate
  const first: Party = {
    name: firstParty,
    registration: registrationOf(making, firstParty, shown),
    fingerprint: shown ? fingerprint(shown.certificate) : null,
    get addresses() {
      return state.thirdParty
    },
    get dailyPush() {
      return state.settings.dailyPush
    },
    get historySeconds() {
      return state.settings.historyLength
    },
  }
  return [first, ...Object.keys(state.parties).map((name) => addedParty(making, name))]
}

/** A party that the state holds under this name. Throws when it does not. */
export const addedParty = ({ seed, utility, state }: Omit<Making, 'certificate'>, name: string): Party => {
  const stored = state.parties[name]
  if (!stored) throw new Error(`No third party ${name}`)
  const { certificate, key } = stored
  const shown = certificate !== null && key !== null ? { certificate, key } : null
  return {
    name,
    registration: registrationOf({ seed, utility }, name, shown),
    fingerprint: shown ? fingerprint(shown.certificate) : null,
    ...stored,
  }
}

/** A function of the seed, so that a restart without a state directory keeps the third party's registration valid. */
function registrationOf(
  { seed, utility }: Pick<Making, 'seed' | 'utility'>,
  party: string,
  shown: { certificate: string; key: string } | null,
): UtilityInfo['registration'] {
  const name = party === firstParty ? utility : `${utility}|${party}`
  return {
    clientId: hexOf(32, seed, name, 'client id'),
    clientSecret: hexOf(32, seed, name, 'client secret'),
    bulkId:
      utility === 'sce'
        ? lettersOf(14, hash(seed, name, 'bulk'), 5).replaceAll(/\d/g, (d) => 'QWERTYUIOP'[Number(d)] ?? 'Q')
        : digitsOf(5, hash(seed, name, 'bulk') % 1000, 50_000),
    registrationAccessToken: uuidOf(seed, name, 'registration access token'),
    applicationInformationId: uuidOf(seed, name, 'application information'),
    certificate: shown?.certificate ?? null,
    key: shown?.key ?? null,
  }
}
