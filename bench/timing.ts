/** Wall-clock milliseconds of one run. */
export async function timeOf(work: () => unknown): Promise<number> {
  return (await timesOf(work)).wall
}

/** Milliseconds of one run: on the clock, and of a processor in this process, all of its threads; the database is another. */
export type Times = { wall: number; processor: number }

export async function timesOf(work: () => unknown): Promise<Times> {
  const [began, used] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(used)
  return { wall: performance.now() - began, processor: (user + system) / 1000 }
}

/**
 * Runs several works in turn, so that a busy moment of the machine does not fall on one of them alone, and returns for each the
 * milliseconds of every run.
 */
export async function takeTurns<Name extends string>(
  rounds: number,
  works: Record<Name, () => unknown>,
): Promise<Record<Name, Times[]>> {
  const times: Record<string, Times[]> = {}
  for (let round = 0; round < rounds; round++)
    for (const [name, work] of Object.entries<() => unknown>(works))
      times[name] = [...(times[name] ?? []), await timesOf(work)]
  return times
}

/** Noise only ever adds: the fastest run counts. */
export const best = (times: readonly Times[], kind: keyof Times = 'wall'): number =>
  Math.min(...times.map((one) => one[kind]))
export const median = (times: readonly Times[]): number =>
  times.map(({ wall }) => wall).toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN
export const round = (value: number, digits = 2): number => Number(value.toFixed(digits))
