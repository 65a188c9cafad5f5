/** Resolves at the first SIGINT, SIGTERM or SIGHUP. A second one ends the process at once. */
export async function untilTold(): Promise<void> {
  await new Promise<void>((resolve) => {
    let told = false
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (told) process.exit(1)
        told = true
        resolve()
      })
    }
  })
}
