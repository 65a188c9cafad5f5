import type { CustomerPath, FormAddress } from '../../../src/authorization/customer-path.ts'
import { queryOf, shareAt } from '../../simulated-customer.ts'
import type { Seeded } from './seeded.ts'
import { FLEET, type Slug } from './simulated-utilities.ts'
import type { Turns } from './turns.ts'

/** How far a customer has come, and what their browser holds. */
export type Customer = {
  slug: Slug
  login: string
  cookie: string | null
  at:
    | { stage: 'form' }
    | { stage: 'leaving'; redirect: string }
    | { stage: 'returning'; query: [string, string][] }
    | { stage: 'final'; flowUid: string }
    | { stage: 'receipt'; receiptKey: string }
}

export function newCustomer(seed: number, n: number, random: Seeded): Customer {
  // Each seed has three of the fleet to itself, at each utility.
  const number = 1 + ((seed * 3 + n) % FLEET)
  const slug = random.pick(['demo', 'demo', 'pge', 'pge', 'sce'] as const)
  return { slug, login: `customer${String(number).padStart(6, '0')}`, cookie: null, at: { stage: 'form' } }
}

/** One click of a customer, whatever it brings; what it does is chosen by the seed. Returns what to call it, and the click. */
export function nextClick(
  customer: Customer,
  { path, random, turns }: { path: CustomerPath; random: Seeded; turns: Turns },
): { name: string; click: () => Promise<void> } {
  const { at } = customer
  const click = (name: string, work: () => Promise<void>) => ({ name: `${customer.slug} ${name}`, click: work })
  const move = (to: Customer['at']): void => void (customer.at = to)
  if (at.stage === 'form') {
    if (random.chance(0.1)) return click('declines', () => decline(customer, path))
    return click('begins', async () => move(await begin(customer, path)))
  }
  if (at.stage === 'leaving') {
    const cancel = random.chance(0.1)
    const partly = random.chance(0.15)
    return click(cancel ? 'cancels' : 'shares', async () => {
      move({
        stage: 'returning',
        query: await turns.during(() => atUtility(customer, at.redirect, { cancel, partly })),
      })
    })
  }
  if (at.stage === 'returning') {
    const isTired = random.chance(0.4)
    return click('returns', async () => {
      const arrived = await path.callback(customer.slug, at.query, customer.cookie)
      if ('flowUid' in arrived) move({ stage: 'final', flowUid: arrived.flowUid })
      else if (arrived.end !== 'already_used' || isTired) move({ stage: 'form' })
    })
  }
  if (at.stage === 'final') return finalClick(customer, { at, path, random, move, click })
  return receiptClick(customer, { at, path, random, move, click })
}

type Clicking<Stage> = {
  at: Extract<Customer['at'], { stage: Stage }>
  path: CustomerPath
  random: Seeded
  move: (to: Customer['at']) => void
  click: (name: string, work: () => Promise<void>) => { name: string; click: () => Promise<void> }
}

function finalClick({ cookie }: Customer, { at, path, random, move, click }: Clicking<'final'>) {
  if (random.chance(0.08)) {
    return click('withdraws', async () => {
      await path.withdraw(at.flowUid, cookie)
      move({ stage: 'form' })
    })
  }
  return click('confirms', async () => {
    const done = await path.confirm(at.flowUid, cookie)
    move('end' in done ? { stage: 'form' } : { stage: 'receipt', receiptKey: done.receiptKey })
  })
}

function receiptClick(_customer: Customer, { at, path, random, move, click }: Clicking<'receipt'>) {
  const what = random.fraction()
  if (what < 0.3) return click('renews', async () => move({ stage: 'form' }))
  if (what < 0.45) {
    return click('revokes', async () => {
      await path.revoke(at.receiptKey)
      move({ stage: 'form' })
    })
  }
  return click('looks', async () => void (await path.receipt(at.receiptKey, 'en')))
}

const formOf = (slug: Slug): FormAddress => ({
  ...{ alias: 'sunrise-solar', utilitySlug: slug, key: null, email: null, redirectUri: null, state: null },
  ...{ noRedirect: false, language: 'en' },
})

async function begin(customer: Customer, path: CustomerPath): Promise<Customer['at']> {
  const address = formOf(customer.slug)
  const view = await path.form(address)
  if ('end' in view) return { stage: 'form' }
  const { defaultEnd: endDate, consentVersion } = view
  const email = `${customer.slug}.${customer.login}@example.com`
  const input = { name: 'Carla Customer', email, endDate, utilitySlug: customer.slug, consentVersion }
  const started = await path.start(address, input, customer.cookie)
  if (!('redirect' in started)) return { stage: 'form' }
  customer.cookie = started.cookie
  return { stage: 'leaving', redirect: started.redirect }
}

async function decline({ slug }: Customer, path: CustomerPath): Promise<void> {
  await path.decline(formOf(slug), { name: 'Carla Customer', email: 'declines@example.com' })
}

async function atUtility(
  { slug, login }: Customer,
  redirect: string,
  { cancel, partly }: { cancel: boolean; partly: boolean },
): Promise<[string, string][]> {
  const password = slug === 'demo' ? 'test' : 'demo'
  const usageOnly = { data: slug === 'sce' ? 'usage' : 'Usage' }
  return queryOf(await shareAt(redirect, { login, password, cancel, changes: partly ? usageOnly : {} }))
}
