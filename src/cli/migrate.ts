import { openStore } from '../open-store.ts'
import { readConfig } from '../config.ts'
import { distribute } from '../storage/distribute.ts'
import { rolesSql } from '../storage/roles.ts'

/** `gbp migrate`: brings the database to the present version and says what it ran. */
export async function migrateDatabase(env: NodeJS.ProcessEnv, out: (line: string) => void): Promise<void> {
  const store = await openStore(readConfig(env), out)
  out(store.migrated.length > 0 ? `ran ${store.migrated.join(', ')}` : 'nothing to do: the database is up to date')
  await store.close()
}

/** `gbp migrate --distribute`: the same, then spreads the tables over the machines of a Citus cluster. */
export async function distributeDatabase(env: NodeJS.ProcessEnv, out: (line: string) => void): Promise<void> {
  const store = await openStore(readConfig(env), out)
  try {
    const moved = await distribute(store.connection)
    out(moved.length > 0 ? `distributed ${moved.join(', ')}` : 'nothing to do: the tables are distributed')
  } finally {
    await store.close()
  }
}

/** `gbp migrate --roles`: what an administrator runs once on a database of their own. */
export function printRoles(out: (line: string) => void): void {
  out(rolesSql())
}
