/** A line that the program has logged on standard error. */
export type LogLine = Record<string, unknown>

/** Keeps what this process writes to standard error from now on, parsed where it is a line of the program's own log. */
export function keepLog(): { log: LogLine[]; stop(): void } {
  const log: LogLine[] = []
  const write = process.stderr.write.bind(process.stderr)
  process.stderr.write = (chunk: Uint8Array | string, ...rest: never[]): boolean => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8')
    if (!text.startsWith('{"time"')) return write(chunk, ...rest)
    for (const line of text.trim().split('\n')) log.push(JSON.parse(line))
    return true
  }
  return {
    log,
    stop: () => {
      process.stderr.write = write
    },
  }
}
