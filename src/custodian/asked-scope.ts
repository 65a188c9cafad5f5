import { classesOf, parseEspiScope } from '../authorization/espi-scope.ts'
import { DATA_CLASSES, type DataClass } from '../model/authorization-states.ts'

/** What a client asks for. historyStart null: as far back as there is; ends null: as long as the customer shares. */
export type Asked = { dataClasses: DataClass[]; historyStart: Date | null; ends: Date | null }

const DAY_S = 86_400

/**
 * Reads the scope of an authorize request: function blocks, HistoryLength in seconds (a number of blocks, as some write there, says
 * nothing) and PreferredAuthEndDate. Without a scope all that is `allowed` is asked for. Null: a scope of another grammar, or of
 * nothing that is allowed.
 */
export function readAsked(scope: string, allowed: readonly DataClass[], now: Date): Asked | null {
  if (scope.trim() === '') return { dataClasses: [...allowed], historyStart: null, ends: null }
  const parsed = parseEspiScope(scope)
  const dataClasses = (classesOf(parsed) ?? []).filter((name) => allowed.includes(name))
  if (dataClasses.length === 0) return null
  const { historyLength } = parsed
  const end = Number(parsed.terms.get('preferredauthenddate') ?? '0')
  const isEnd = Number.isSafeInteger(end) && end > 0 && end < 1e11
  if (isEnd && end * 1000 <= now.getTime()) return null
  return {
    dataClasses,
    historyStart:
      historyLength === null || historyLength < DAY_S ? null : new Date(now.getTime() - historyLength * 1000),
    ends: isEnd ? new Date(end * 1000) : null,
  }
}

/** Function blocks of the present certification list; espi-scope.ts reads these back as the classes that they stand for. */
const BLOCKS: Record<DataClass, readonly number[]> = {
  intervals: [4, 5, 7, 8, 10],
  bills: [15, 16],
  meters: [58, 60],
  accounting: [56],
}
const ALWAYS = [1, 3, 13, 31, 32, 35, 37, 39]
const CUSTOMER = [51, 53, 54]

/** The scope that is granted: what a customer agreed to, in the words of ESPI. Below 256 characters, as the schemas want it. */
export function writeGrantedScope(
  { dataClasses, historyStart }: Pick<Asked, 'dataClasses'> & { historyStart: Date },
  now: Date,
): string {
  const both = dataClasses.includes('meters') && dataClasses.includes('accounting')
  const blocks = [
    ...ALWAYS,
    ...(both ? CUSTOMER : []),
    ...DATA_CLASSES.filter((name) => dataClasses.includes(name)).flatMap((name) => BLOCKS[name]),
  ]
  const history = Math.max(0, Math.round((now.getTime() - historyStart.getTime()) / 1000))
  return [
    `FB=${blocks.toSorted((a, b) => a - b).join('_')}`,
    'BlockDuration=daily',
    `HistoryLength=${history}`,
    'SubscriptionFrequency=daily',
    'AccountCollection=1',
  ].join(';')
}

/** Whether a refresh asks for what was granted: the same terms, in any order. */
export function isSameScope(asked: string, granted: string): boolean {
  const terms = (text: string): string =>
    text
      .split(/[;\s]+/)
      .filter((term) => term !== '')
      .toSorted()
      .join(';')
  return terms(asked) === terms(granted)
}
