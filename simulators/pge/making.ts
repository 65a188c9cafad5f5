import type { Authorization } from '../kit/state.ts'
import { clockMs, linkOrigin, type Utility } from '../kit/utility.ts'
import type { Part } from './feeds.ts'
import { type Making, placesOf } from './usage-xml.ts'
import type { Style } from './xml.ts'

export const atomType = 'application/atom+xml'

/** Base of PG&E's resources on this simulator's API origin. */
export const pathOf = (utility: Utility): string => `${linkOrigin(utility)}/GreenButtonConnect/espi/1_1/resource`

export const makingOf = (utility: Utility, style: Style): Making => ({
  style,
  places: placesOf(pathOf(utility), utility.settings.meterInReadingIds),
  ms: clockMs(utility.state),
})

export const partOf = (utility: Utility, authorization: Authorization): Part => {
  const shared = utility.sharedOf(authorization)
  return { subscription: authorization.id, shared, agreements: shared.agreements }
}
