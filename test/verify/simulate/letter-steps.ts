import type { Run } from './run-seed.ts'
import { SLUGS } from './simulated-utilities.ts'

/** A notification arrives, sometimes to come once more. */
export async function deliver(run: Run): Promise<string | null> {
  const { letters } = run.ground.utilities
  if (letters.length === 0) return null
  const at = run.random.below(letters.length)
  const letter = letters[at]
  if (!letter) return null
  if (!run.random.chance(0.2)) letters.splice(at, 1) // else it comes once more
  receive(run, letter.slug, letter.body)
  return `letter of ${letter.slug}`
}

/** A notification never arrives. */
export async function loseLetter({ ground, random }: Run): Promise<string | null> {
  const { letters } = ground.utilities
  if (letters.length === 0) return null
  letters.splice(random.below(letters.length), 1)
  return 'letter lost'
}

/** Somebody who knows the address sends what no utility has sent. */
export async function forgeLetter(run: Run): Promise<string> {
  const slug = run.random.pick(SLUGS)
  const { utility } = run.ground.utilities.mounted[slug]
  const known = Object.keys(utility.state.authorizations)
  const id = known.length > 0 ? run.random.pick(known) : '1'
  const host = run.random.pick([utility.origins.api, 'https://forged.example'])
  const base = run.random.pick(['/espi/1_1/resource', '/GreenButtonConnect/espi/1_1/resource'])
  const what = run.random.pick([`Batch/Subscription/${id}`, `Authorization/${id}`, 'Batch/Bulk/1/x', '../../secret'])
  receive(
    run,
    slug,
    `<BatchList xmlns="http://naesb.org/espi"><resources>${host}${base}/${what}</resources></BatchList>`,
  )
  return `forged letter of ${slug}`
}

function receive(run: Run, slug: (typeof SLUGS)[number], body: string): void {
  const { notifications, owner } = run.random.pick(run.processes)
  const { notificationKey } = run.ground.registrations[slug]
  run.act(`${owner.name} receives`, owner, async () => {
    await notifications.receive(notificationKey, Buffer.from(body))
  })
}
