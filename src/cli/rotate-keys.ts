import { ConfigError, readConfig } from '../config.ts'
import { openStore } from '../open-store.ts'
import { rotateSecrets } from '../storage/rotate-secrets.ts'

/** `gbp rotate-keys`: puts everything that is sealed under ENCRYPTION_KEY, so that the retired keys can go. */
export async function rotateKeys(env: NodeJS.ProcessEnv, out: (line: string) => void): Promise<void> {
  const config = readConfig(env)
  if (config.encryptionKey === null || config.retiredKeys.length === 0) {
    throw new ConfigError('Give the new key as ENCRYPTION_KEY and the one before as ENCRYPTION_KEYS_RETIRED.')
  }
  const store = await openStore(config, (sentence) => void process.stderr.write(`${sentence}\n`))
  try {
    for (const [table, count] of Object.entries(await rotateSecrets(store.db, store.envelope)))
      out(`${table}: ${count} values are under the new key`)
    out('Nothing needs the retired keys any more: take ENCRYPTION_KEYS_RETIRED away.')
  } finally {
    await store.close()
  }
}
