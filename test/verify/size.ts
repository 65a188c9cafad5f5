/** How many of something a verify suite runs: `full` by `npm run verify -- SUITE`, `sample` with `--sample`, as CI does. */
export function sized(full: number, sample: number): number {
  return process.env['VERIFY_SAMPLE'] ? sample : full
}
