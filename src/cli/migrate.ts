import { openStore } from '../app.ts'
import { readConfig } from '../config.ts'

/** `gbp migrate`: brings the database to the present version and says what it ran. */
export async function migrateDatabase(env: NodeJS.ProcessEnv, out: (line: string) => void): Promise<void> {
  const store = await openStore(readConfig(env), out)
  out(store.migrated.length > 0 ? `ran ${store.migrated.join(', ')}` : 'nothing to do: the database is up to date')
  await store.close()
}
