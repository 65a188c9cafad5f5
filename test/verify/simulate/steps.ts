import { deliver, forgeLetter, loseLetter } from './letter-steps.ts'
import { endConsent, endInWork, orderByCompany, refreshAtOnce, revokeByCompany } from './authorization-steps.ts'
import type { Run } from './run-seed.ts'
import { nextClick } from './simulated-customer.ts'
import { JOBS, openProcess } from './simulated-process.ts'
import { change, expireTokens, fault, revokeAtUtility } from './utility-steps.ts'

/** Something that happens because the seed says so. Null: it cannot happen now. Else its name, for the trace. */
type Step = (run: Run) => Promise<string | null>

const SECOND = 1000
/** How long nothing happens; what is long is rare. */
const PAUSES = [1, 1, 2, 5, 5, 12, 25, 45, 90, 300, 3600, 6 * 3600, 26 * 3600] as const

export const STEPS: Record<string, { weight: number; step: Step }> = {
  click: { weight: 12, step: click },
  pause: { weight: 8, step: pause },
  ring: { weight: 3, step: ring },
  ringAll: { weight: 2, step: ringAll },
  refreshAtOnce: { weight: 1.5, step: refreshAtOnce },
  job: { weight: 4, step: job },
  letter: { weight: 4, step: deliver },
  letterLost: { weight: 1, step: loseLetter },
  letterForged: { weight: 1, step: forgeLetter },
  fault: { weight: 3, step: fault },
  tokensExpire: { weight: 1, step: expireTokens },
  correct: { weight: 1, step: (run) => change(run, 'correct') },
  rebill: { weight: 1, step: (run) => change(run, 'rebill') },
  move: { weight: 0.4, step: (run) => change(run, 'move') },
  meter: { weight: 0.6, step: (run) => change(run, 'meter') },
  endAtUtility: { weight: 0.5, step: revokeAtUtility },
  companyEnds: { weight: 0.4, step: revokeByCompany },
  consentEnds: { weight: 0.3, step: endConsent },
  endsInWork: { weight: 1, step: endInWork },
  companyOrders: { weight: 0.5, step: orderByCompany },
  death: { weight: 1.2, step: die },
}

async function click(run: Run): Promise<string | null> {
  const { random, turns } = run
  const customer = random.pick(run.customers)
  const { path, owner } = random.pick(run.processes)
  const { name, click: clicks } = nextClick(customer, { path, random, turns })
  const isDouble = random.chance(0.15)
  run.act(`${owner.name} ${name}`, owner, clicks)
  if (isDouble) run.act(`${owner.name} ${name} again`, owner, clicks)
  return isDouble ? `${name} twice` : name
}

async function pause(run: Run): Promise<string> {
  const seconds = run.random.pick(PAUSES.slice(0, run.random.chance(0.25) ? PAUSES.length : 7))
  await run.pass(seconds * SECOND)
  return `pause ${seconds} s`
}

async function ring({ random, processes }: Run): Promise<string> {
  const { collector, owner } = random.pick(processes)
  collector.ring()
  return `ring ${owner.name}`
}

/** All processes look at what is owed in one moment. */
async function ringAll({ processes }: Run): Promise<string> {
  for (const { collector } of processes) collector.ring()
  return 'ring all'
}

async function job(run: Run): Promise<string> {
  const name = run.random.pick(Object.keys(JOBS).filter((key): key is keyof typeof JOBS => key in JOBS))
  const { owner, run: start } = run.random.pick(run.processes)
  run.act(`${owner.name} ${name}`, owner, () => start(name))
  return `job ${name}`
}

/** A process dies between two turns; another one takes its place. */
async function die(run: Run): Promise<string> {
  const at = run.random.below(run.processes.length)
  const dead = run.processes[at]
  dead?.die()
  run.bury(dead)
  run.processes[at] = openProcess(run, run.nextName())
  run.count('process dies')
  return `${dead?.owner.name} dies`
}
