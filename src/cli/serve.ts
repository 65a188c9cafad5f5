import { startApp } from '../app.ts'
import { openStore } from '../open-store.ts'
import { readConfig } from '../config.ts'
import { untilTold } from './until-told.ts'

/** `gbp serve`: the product alone; pages and API, collection, or both. Ends cleanly at SIGTERM. */
export async function serve(
  env: NodeJS.ProcessEnv,
  roles: { api: boolean; worker: boolean },
  out: (line: string) => void,
): Promise<void> {
  const config = readConfig(env)
  const told = untilTold()
  const store = await openStore(config, out)
  try {
    const app = await startApp(config, store, { ...roles, demo: null })
    out(app.url === null ? 'collecting' : `listening on ${app.url}`)
    await told
    await app.close()
  } finally {
    await store.close()
  }
}
