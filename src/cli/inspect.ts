import { readFile } from 'node:fs/promises'

import { renderPage } from './inspect-page.ts'
import { inspectBytes, type InspectReport, rejected } from './inspect-report.ts'

/**
 * Says what Green Button files hold: as one JSON document a line, or as a page with a small chart of the load. Counts and
 * sums are as sent, before any repair. Needs no database and no network.
 * Returns the exit code: 1 when one of the files is no Green Button file or cannot be read.
 */
export async function inspect(
  files: string[],
  options: { json: boolean; out: (line: string) => void },
): Promise<number> {
  let code = 0
  for (const file of files) {
    const bytes = await readBytes(file)
    const report = bytes instanceof Uint8Array ? inspectBytes(file, bytes) : bytes
    if (!report.ok) code = 1
    if (options.json) options.out(JSON.stringify(report))
    else
      for (const line of renderPage(report, bytes instanceof Uint8Array ? bytes : new Uint8Array())) options.out(line)
  }
  return code
}

async function readBytes(file: string): Promise<Uint8Array | InspectReport> {
  try {
    return await readFile(file)
  } catch (error) {
    const why =
      error instanceof Error && 'code' in error && error.code === 'ENOENT'
        ? 'There is no such file'
        : 'The file cannot be read'
    return rejected(file, { code: 'unreadable', message: `${why}. Check the name and your rights.`, offset: 0 })
  }
}
