import type { Utility } from './contract.ts'
import * as pge from './pge/repairs.ts'
import type { Repair } from './repair.ts'
import * as sce from './sce/repairs.ts'

const ALL: ReadonlyMap<string, Repair> = new Map(
  [...Object.values(pge), ...Object.values(sce)].map((repair) => [repair.name, repair]),
)

/** The repairs that a utility's definition names, in its order. Throws RangeError on a name that no repair has. */
export function repairsOf(utility: Pick<Utility, 'repairs'>): Repair[] {
  return utility.repairs.map((name) => {
    const found = ALL.get(name)
    if (found === undefined) throw new RangeError(`no repair is called ${name}`)
    return found
  })
}
