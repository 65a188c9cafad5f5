import type { Readable } from 'node:stream'

import { renderPage } from './inspect-page.ts'
import { inspectBody } from './inspect-report.ts'
import { openFile } from './open-file.ts'

/**
 * Says what Green Button files hold (`-` is standard input, gzip is unpacked): as one JSON document a line, or as a page with a
 * small chart of the load. Counts and sums are as sent, before any repair. Needs no database and no network.
 * Returns the exit code: 1 when one of the files is no Green Button file or cannot be read.
 */
export async function inspect(
  files: string[],
  options: { json: boolean; out: (line: string) => void; stdin: Readable },
): Promise<number> {
  let code = 0
  for (const file of files) {
    const inspected = await inspectBody(file, openFile(file, options.stdin))
    if (!inspected.report.ok) code = 1
    const lines = options.json ? [JSON.stringify(inspected.report)] : renderPage(inspected)
    for (const line of lines) options.out(line)
  }
  return code
}
