import { startSimulatorsProcess } from './simulators-process.ts'
import { untilTold } from './until-told.ts'

/** `gbp simulate`: the simulated utilities alone; prints where they are and who can sign in. */
export async function simulate(options: Record<string, string>, out: (line: string) => void): Promise<void> {
  const args = Object.entries(options).flatMap(([name, value]) => [
    `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    value,
  ])
  const simulators = await startSimulatorsProcess(args)
  for (const { utility, pages, api, admin, registration, customers } of Object.values(simulators.utilities)) {
    out(`${utility} (simulated)`)
    out(`  pages ${pages}   API ${api}   admin ${admin}`)
    out(`  third party ${registration.clientId}   bulk id ${registration.bulkId}`)
    for (const { login, password, about } of customers) out(`  customer ${login} / ${password}: ${about}`)
  }
  out('Ctrl-C ends them.')
  await untilTold()
  await simulators.close()
}
