import type { Wire } from '../../espi/resources.ts'
import { offsetAt } from '../../units/local-days.ts'

const DAY = 86_400

/**
 * LocalTimeParameters of a zone as it is in the year of a moment (epoch seconds): the standard offset, and the rules by which its
 * clocks change, `nth Sunday of a month`. A zone without two changes in that year has none.
 * Source: espi.xsd 4.0, type DstRuleType: month, operator, day of the month, day of the week, hour, seconds, in 32 bits.
 */
export function localTimeOf(zone: string, at: number): Wire<'LocalTimeParameters'> {
  const year = new Date(at * 1000).getUTCFullYear()
  const changes = changesIn(zone, Date.UTC(year, 0, 1) / 1000, Date.UTC(year + 1, 0, 1) / 1000)
  const starts = changes.find(({ before, after }) => after > before)
  const ends = changes.find(({ before, after }) => after < before)
  const isRule = starts !== undefined && ends !== undefined && changes.length === 2
  return {
    batchItemInfo: null,
    name: null,
    dstEndRule: isRule ? ruleOf(ends) : NO_RULE,
    dstOffset: isRule ? starts.after - starts.before : 0,
    dstStartRule: isRule ? ruleOf(starts) : NO_RULE,
    tzOffset: isRule ? starts.before : offsetAt(at, zone),
  }
}

const NO_RULE = '00000000'

type Change = { moment: number; before: number; after: number }

function changesIn(zone: string, from: number, until: number): Change[] {
  const changes: Change[] = []
  for (let day = from; day < until; day += DAY) {
    const [before, after] = [offsetAt(day, zone), offsetAt(day + DAY, zone)]
    if (before === after) continue
    let [low, high] = [day, day + DAY]
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (offsetAt(middle, zone) === before) low = middle
      else high = middle
    }
    changes.push({ moment: high, before, after })
  }
  return changes
}

/** The clock time at which clocks change, as the time that they show then. */
function ruleOf({ moment, before }: Change): string {
  const local = new Date((moment + before) * 1000)
  const date = local.getUTCDate()
  const days = new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + 1, 0)).getUTCDate()
  const operator = date + 7 > days ? LAST : FIRST + Math.floor((date - 1) / 7)
  const bits =
    (local.getUTCMonth() + 1) * 2 ** 28 +
    operator * 2 ** 25 +
    (local.getUTCDay() || SUNDAY) * 2 ** 17 +
    local.getUTCHours() * 2 ** 12 +
    local.getUTCMinutes() * 60 +
    local.getUTCSeconds()
  return bits.toString(16).toUpperCase().padStart(8, '0')
}

const FIRST = 2
const LAST = 7
const SUNDAY = 7
