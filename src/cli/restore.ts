import { createReadStream, existsSync } from 'node:fs'

import { replayEnds } from '../authorization/ends-ledger.ts'
import { type Config, readConfig } from '../config.ts'
import { openServer, sayWhy } from '../open-store.ts'
import { migrate } from '../storage/migrate.ts'
import { openBackup, restoreBackup } from '../storage/restore-backup.ts'
import { selfTest } from '../storage/self-test.ts'

/**
 * `gbp restore FILE`: fills an empty database with a backup; shares that ended since (ENDS_FILE) end again before anybody
 * can see them. All or nothing: whatever stops it, it may be begun again.
 */
export async function restore(env: NodeJS.ProcessEnv, file: string, out: (line: string) => void): Promise<void> {
  const config = readConfig(env)
  const server = await openServer(config, (sentence) => void process.stderr.write(`${sentence}\n`))
  const began = Date.now()
  try {
    const backup = await openBackup(createReadStream(file), server.envelope)
    const { made } = backup.manifest
    const { counts, result: ended } = await restoreBackup(server.connection, backup, async (tx) => {
      if (!existsSync(config.endsFile)) return null
      return await replayEnds(tx, config, { file: config.endsFile, backupMade: new Date(made), now: new Date() })
    })
    await migrate(server.connection)
    await selfTest(server.connection)
    tell(counts, out)
    const took = ((Date.now() - began) / 1000).toFixed(1)
    out(`Restored in ${took} s. What changed after ${made} is not in it; utilities are asked for their data again.`)
    out(ended === null ? noLedger(config) : `${ended} shares had ended or changed since, by ${config.endsFile}.`)
  } catch (error) {
    throw sayWhy(error)
  } finally {
    await server.close()
  }
}

/** `gbp restore --check FILE`: reads all of a backup and writes nothing. */
export async function checkBackup(env: NodeJS.ProcessEnv, file: string, out: (line: string) => void): Promise<void> {
  const server = await openServer(readConfig(env), (sentence) => void process.stderr.write(`${sentence}\n`))
  try {
    const { manifest, tables } = await openBackup(createReadStream(file), server.envelope)
    const counts: Record<string, number> = {}
    for await (const { table, rows } of tables) {
      let lines = 0
      for await (const bytes of rows) lines += bytes.reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), 0)
      counts[table.name] = lines
    }
    tell(counts, out)
    out(`Whole, made ${manifest.made}, tables of ${manifest.migrations.at(-1) ?? ''}.`)
  } finally {
    await server.close()
  }
}

function tell(counts: Record<string, number>, out: (line: string) => void): void {
  for (const [table, rows] of Object.entries(counts)) if (rows > 0) out(`${table}: ${rows}`)
}

function noLedger({ endsFile }: Config): string {
  return `There is no ${endsFile}: shares that were stopped after the backup are running again. Put the file there (ENDS_FILE) and restore once more into a new database.`
}
