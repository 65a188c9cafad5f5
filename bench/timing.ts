/** Wall-clock milliseconds of one run. */
export async function timeOf(work: () => unknown): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/**
 * Runs several works in turn, so that a busy moment of the machine does not fall on one of them alone, and returns for each its
 * milliseconds, ascending.
 */
export async function takeTurns<Name extends string>(
  rounds: number,
  works: Record<Name, () => unknown>,
): Promise<Record<Name, number[]>> {
  const times: Record<string, number[]> = {}
  for (let round = 0; round < rounds; round++)
    for (const [name, work] of Object.entries<() => unknown>(works))
      times[name] = [...(times[name] ?? []), await timeOf(work)]
  for (const list of Object.values(times)) list.sort((a, b) => a - b)
  return times
}

export const best = (times: readonly number[]): number => times[0] ?? Number.NaN
export const median = (times: readonly number[]): number => times[times.length >> 1] ?? Number.NaN
export const round = (value: number, digits = 2): number => Number(value.toFixed(digits))
