import { DATA_CLASSES, type DataClass } from '../model/authorization-states.ts'
import type { OAuth } from '../utilities/contract.ts'

/** An ESPI scope string, its lists as sets. Terms that we do not know are kept by name. */
export type EspiScope = {
  functionBlocks: ReadonlySet<number> | null
  /** Data groups the customer ticked at utilities that list them (Usage, Billing, Basic, Account, …). */
  additional: ReadonlySet<string> | null
  historyLength: number | null
  terms: ReadonlyMap<string, string>
}

const MAX_LENGTH = 4096

/**
 * Parses `FB=4_5_15;IntervalDuration=900_3600;…` in any order and case (utilities.md A6, ESPI 4.0 section 10). Percent
 * encoding left over from redirects is removed. Never throws: a scope of another grammar has no known terms.
 */
export function parseEspiScope(text: string): EspiScope {
  const terms = new Map<string, string>()
  for (const term of decoded(text.slice(0, MAX_LENGTH)).split(/[;&\s]+/)) {
    const at = term.indexOf('=')
    if (at > 0) terms.set(term.slice(0, at).toLowerCase(), term.slice(at + 1))
  }
  const blocks = terms.get('fb')
  const groups = terms.get('additionalscope')
  const history = terms.get('historylength')
  return {
    functionBlocks: blocks === undefined ? null : new Set(listOf(blocks).map(Number).filter(Number.isSafeInteger)),
    additional: groups === undefined ? null : new Set(listOf(groups).map((group) => group.toLowerCase())),
    historyLength: history !== undefined && /^\d{1,12}$/.test(history) ? Number(history) : null,
    terms,
  }
}

/** Function blocks that open a class: interval readings, summaries with cost, customer data (46, 47: older numbering). */
const OPENED_BY: Record<DataClass, readonly number[]> = {
  intervals: [4],
  bills: [16, 71],
  meters: [46, 47, 51, 52, 53, 54, 55, 57, 58, 60, 61],
  accounting: [46, 47, 51, 52, 53, 56, 57],
}
const GROUP_OF: Record<DataClass, string> = {
  intervals: 'usage',
  bills: 'billing',
  meters: 'basic',
  accounting: 'account',
}

/** The classes that a granted scope opens; null when it does not say (RFC 6749 section 3.3: then it is what was asked). */
export function classesOf(scope: EspiScope): DataClass[] | null {
  const { functionBlocks, additional } = scope
  if (functionBlocks === null) return null
  return DATA_CLASSES.filter((name) => {
    if (!OPENED_BY[name].some((block) => functionBlocks.has(block))) return false
    return !namesGroups(additional) || additional.has(GROUP_OF[name])
  })
}

/** What a request for a scope depends on besides the profile. ongoingMs: from now to the end that is asked for. */
export type WantedScope = {
  dataClasses: readonly DataClass[]
  historyMonths: number
  ongoingMs: number
  bulkId: string | null
}

const YEAR_MS = 365.25 * 86_400_000

/** The scope that asks for these classes and this reach, from the blocks and terms that a profile allows. */
export function writeEspiScope(
  { functionBlocks, terms }: Extract<OAuth['requestScope'], { kind: 'espi' }>,
  wanted: WantedScope,
): string {
  const unwanted = DATA_CLASSES.filter((name) => !wanted.dataClasses.includes(name)).flatMap((name) => OPENED_BY[name])
  const needed = new Set(wanted.dataClasses.flatMap((name) => OPENED_BY[name]))
  const blocks = functionBlocks.filter((block) => needed.has(block) || !unwanted.includes(block))
  const values: Record<string, string | null> = {
    historySeconds: String(Math.round(wanted.historyMonths * 30.4375) * 86_400),
    historyYears: String(Math.max(1, Math.ceil(wanted.historyMonths / 12))),
    ongoingYears: String(Math.max(1, Math.ceil(wanted.ongoingMs / YEAR_MS))),
    bulkId: wanted.bulkId,
  }
  const written = terms.flatMap(([name, value]) => {
    const filled = value.replaceAll(/\{(\w+)\}/g, (_whole, place: string) => values[place] ?? '')
    return filled === '' ? [] : [`${name}=${filled}`]
  })
  return [`FB=${blocks.join('_')}`, ...written].join(';')
}

/** AdditionalScope counts only where it uses the words we know; elsewhere it means something of the utility's own. */
function namesGroups(groups: ReadonlySet<string> | null): groups is ReadonlySet<string> {
  return groups !== null && Object.values(GROUP_OF).some((name) => groups.has(name))
}

function listOf(text: string): string[] {
  return text.split(/[_,]/).filter((item) => item !== '')
}

function decoded(text: string): string {
  try {
    return /%[0-9a-f]{2}/i.test(text) ? decodeURIComponent(text) : text
  } catch {
    return text
  }
}
