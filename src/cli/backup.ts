import { open, rename } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import path from 'node:path'

import { readConfig } from '../config.ts'
import { openServer, sayWhy } from '../open-store.ts'
import { makeBackup } from '../storage/backup.ts'

/**
 * `gbp backup FILE`: all that the database holds, as of one moment, encrypted; may run beside everything else. The file is
 * there when it is whole, and never replaces one. Throws where a file of that name exists.
 */
export async function backup(env: NodeJS.ProcessEnv, file: string, out: (line: string) => void): Promise<void> {
  if (existsSync(file)) throw new Error(`${file} exists. Choose another name: a backup never replaces one.`)
  const server = await openServer(readConfig(env), (sentence) => void process.stderr.write(`${sentence}\n`))
  const began = Date.now()
  try {
    const unfinished = `${file}.unfinished`
    const handle = await open(unfinished, 'w', 0o600)
    let bytes = 0
    try {
      for await (const piece of makeBackup(server.connection, server.envelope, new Date())) {
        await handle.writeFile(piece)
        bytes += piece.length
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(unfinished, file)
    await syncFolder(path.dirname(file))
    out(`${file}: ${bytes} bytes in ${((Date.now() - began) / 1000).toFixed(1)} s, encrypted with ENCRYPTION_KEY.`)
    out('Keep that key elsewhere: without it the file opens to nobody. `gbp restore --check` reads all of it.')
  } catch (error) {
    throw sayWhy(error)
  } finally {
    await server.close()
  }
}

/** The name is on disk, too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync()
  await handle.close()
}
