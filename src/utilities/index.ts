import { alectra } from './alectra/definition.ts'
import { consumersEnergy } from './consumers-energy/definition.ts'
import type { Utility } from './contract.ts'
import { demo } from './demo/definition.ts'
import { londonHydro } from './london-hydro/definition.ts'
import { pge } from './pge/definition.ts'
import { proxy } from './proxy/definition.ts'
import { sce } from './sce/definition.ts'
import { BadDefinition, validateUtility } from './validate.ts'

/** Every utility this program speaks with. A new one: a folder beside these, and a line here. */
export const utilities: readonly Utility[] = checked([pge, sce, demo, consumersEnergy, londonHydro, alectra, proxy])

/** The utility with this id (`PG&E`). Throws RangeError when there is none: ids come from our own rows. */
export function utilityOf(id: string): Utility {
  const found = utilities.find((utility) => utility.id === id)
  if (!found) throw new RangeError(`no utility has the id ${id}`)
  return found
}

/** The utility named in an address (`pge`), or null. */
export function utilityBySlug(slug: string): Utility | null {
  return utilities.find((utility) => utility.slug === slug) ?? null
}

function checked(all: readonly Utility[]): readonly Utility[] {
  for (const key of ['id', 'slug'] as const) {
    const values = all.map((utility) => utility[key])
    if (new Set(values).size !== values.length) throw new BadDefinition(`two utilities share one ${key}`)
  }
  return all.map(validateUtility)
}
