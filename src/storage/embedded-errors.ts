/** Why the embedded PostgreSQL could not be had. */
export type EmbeddedPostgresCode =
  | 'no_binary'
  | 'root_refused'
  | 'not_writable'
  | 'disk_full'
  | 'other_version'
  | 'start_failed'
  | 'stop_failed'

/** The embedded PostgreSQL cannot be started, joined or stopped. The message tells a person what to do. */
export class EmbeddedPostgresError extends Error {
  readonly code: EmbeddedPostgresCode

  constructor(code: EmbeddedPostgresCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'EmbeddedPostgresError'
    this.code = code
  }
}

/** Sorts what initdb or the server wrote before it gave up. `text` is the end of its output. */
export function explainFailure(text: string, dataDir: string): EmbeddedPostgresError {
  if (/no space left on device|disk quota exceeded/i.test(text)) {
    return new EmbeddedPostgresError(
      'disk_full',
      `The disk that holds ${dataDir} is full. Free space, then start again.`,
    )
  }
  if (/incompatible with (this version|server)|initialized by PostgreSQL version/i.test(text)) {
    return new EmbeddedPostgresError(
      'other_version',
      `${dataDir} belongs to another PostgreSQL version: ${text.trim()}`,
    )
  }
  if (/permission denied|read-only file system/i.test(text)) {
    return new EmbeddedPostgresError('not_writable', `PostgreSQL may not write to ${dataDir}: ${text.trim()}`)
  }
  return new EmbeddedPostgresError('start_failed', `PostgreSQL did not start in ${dataDir}:\n${text.trim()}`)
}

/** The same for an error of the file system, met while the data directory is prepared. */
export function explainFileError(error: unknown, dataDir: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'ENOSPC' || code === 'EDQUOT') return explainFailure('no space left on device', dataDir)
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR') {
    return new EmbeddedPostgresError('not_writable', `The data directory ${dataDir} cannot be written to.`, error)
  }
  return error
}
