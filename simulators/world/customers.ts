import type { Agreement, Household } from './household.ts'
import { dateOf } from './local-days.ts'
import { historyStart } from './periods.ts'
import { digitsOf, hash, lettersOf } from './random.ts'
import type { TariffName } from './tariffs.ts'
import type { UtilityName, World } from './world.ts'

type Plan = Partial<Pick<Agreement, 'solar' | 'gaps' | 'estimates' | 'supplier'>> & {
  load: Agreement['load']
  interval: Agreement['intervalLength']
  tariff: TariffName
  account?: 0 | 1
  /** Whole history, only the first or second half of it (moved house), or the last 20 days. */
  when?: 'before' | 'after' | 'new'
}

type Profile = {
  index: number
  name: string
  about: string
  accounts: number
  plans: readonly Plan[]
  /** Signs in for a test with the name of its scenario and the password "test"; not one of the customers that are listed. */
  isScenario?: true
}

const gas: Plan = { load: 'gas', interval: 86_400, tariff: 'gas' }
const home: Plan = { load: 'home', interval: 3600, tariff: 'home', gaps: true, estimates: true }
const whole: Plan = { ...home, gaps: false, estimates: false }
const solar: Plan = { load: 'home', interval: 900, tariff: 'solar', solar: true, estimates: true }
const shop: Plan = { load: 'shop', interval: 900, tariff: 'shop', supplier: 'Clean Peninsula Energy & Co.' }

/** A customer of a test; what its scenario does to requests is not the world's. */
const scenario = (index: number, about: string, plans: readonly Plan[]): Profile => ({
  ...{ index, name: 'Test Customer', about, accounts: 1, plans },
  isScenario: true,
})

const pge: Record<string, Profile> = {
  solar: { index: 1, name: 'Dana Núñez', about: 'a house with solar panels and gas', accounts: 1, plans: [solar, gas] },
  home: { index: 2, name: 'Robin O’Brien', about: 'a flat, electricity by the hour', accounts: 1, plans: [home] },
  shop: { index: 3, name: 'Kim & Sons Bakery', about: 'a shop with demand charges', accounts: 1, plans: [shop] },
  moved: {
    index: 4,
    name: 'Alex Moreau',
    about: 'moved house: an old agreement and a new one',
    accounts: 1,
    plans: [
      { ...home, when: 'before' },
      { ...home, when: 'after' },
    ],
  },
  new: {
    index: 5,
    name: 'Noor Haddad',
    about: 'a customer since 20 days, no bill yet',
    accounts: 1,
    plans: [{ ...home, when: 'new' }],
  },
  empty: { index: 6, name: 'Lee Park', about: 'an account without service agreements', accounts: 1, plans: [] },
  accounts: {
    index: 7,
    name: 'Sasha Ivanov',
    about: 'two accounts with an agreement each',
    accounts: 2,
    plans: [home, { ...home, gaps: false, account: 1 }],
  },
  residential: scenario(11, 'one home', [whole]),
  commercial: scenario(12, 'four meters', [shop, { ...shop, supplier: null, interval: 3600 }, solar, gas]),
}

const sceHome: Plan = { ...home, tariff: 'sceHome' }

const sce: Record<string, Profile> = {
  home: { index: 1, name: 'Maria López', about: 'a house, electricity by the hour', accounts: 1, plans: [sceHome] },
  solar: {
    index: 2,
    name: 'Chris Tanaka',
    about: 'a house with solar panels',
    accounts: 1,
    plans: [{ ...solar, tariff: 'sceSolar' }],
  },
  shop: {
    index: 3,
    name: 'Harbor Hardware',
    about: 'a shop with demand charges',
    accounts: 1,
    plans: [{ ...shop, tariff: 'sceShop', supplier: null, gaps: true }],
  },
  new: {
    index: 4,
    name: 'Omar Aziz',
    about: 'a customer since 20 days, no bill yet',
    accounts: 1,
    plans: [{ ...sceHome, when: 'new' }],
  },
  empty: { index: 5, name: 'Jo Field', about: 'an account without service accounts', accounts: 1, plans: [] },
  accounts: {
    index: 6,
    name: 'Ines Carvalho',
    about: 'two accounts with a service account each',
    accounts: 2,
    plans: [sceHome, { ...sceHome, gaps: false, account: 1 }],
  },
  residential: scenario(11, 'one home', [{ ...whole, tariff: 'sceHome' }]),
  commercial: scenario(12, 'four meters', [
    { ...shop, tariff: 'sceShop', supplier: null },
    { ...shop, tariff: 'sceShop', supplier: null, interval: 3600 },
    { ...solar, tariff: 'sceSolar' },
    sceHome,
  ]),
}

const plant: Plan = { load: 'plant', interval: 900, tariff: 'plant' }

const demo: Record<string, Profile> = {
  test: {
    index: 1,
    name: 'Taylor Test',
    about: 'a home, electricity by the hour',
    accounts: 1,
    plans: [whole],
  },
  commercial: {
    index: 2,
    name: 'Commercial Campus',
    about: 'a campus with four meters',
    accounts: 1,
    plans: [plant, { ...shop, supplier: null, interval: 3600 }, solar, gas],
  },
  residential: scenario(11, 'one home', [whole]),
  partialintervals: scenario(12, 'one home, readings are missing', [home]),
  empty: scenario(13, 'an account without meters', []),
  ...Object.fromEntries(
    [
      'nointervals',
      'badlogin',
      'badlogin_after',
      'websitedown',
      'websitedown_after',
      'utilityerror',
      'utilityerror_after',
      'pending_manual_after',
      'wait_to_login_after',
      'revoked',
    ].map((name, n) => [name, scenario(14 + n, `the test ${name}`, [whole])]),
  ),
}

const profiles: Record<UtilityName, Record<string, Profile>> = { pge, sce, demo }

/** Log-in names of the customers that have a name; the fleet's are customer000001 and on. */
export const namedLogins = (utility: UtilityName): string[] =>
  Object.entries(profiles[utility]).flatMap(([login, { isScenario }]) => (isScenario ? [] : [login]))

/** Finds a customer by log-in name; the same arguments give an equal household for ever. */
export const findHousehold = (world: World, login: string): Household | null => {
  const found = world.households.get(login)
  if (found) return found
  const profile = profileOf(world, login)
  if (!profile) return null
  const household = withChanges(world, build(world, login, profile))
  if (world.households.size > 20_000) world.households.clear()
  world.households.set(login, household)
  return household
}

/** The guest's way in: account number and phone number. */
export const findGuest = (world: World, account: string, phone: string): Household | null => {
  const wanted = { account: account.replaceAll(/\D/g, ''), phone: phone.replaceAll(/\D/g, '') }
  for (const login of [...namedLogins(world.utility), ...fleetLogins(Math.min(world.fleet, 1000))]) {
    const household = findHousehold(world, login)
    const known = household?.accounts.some((a) => a.number.replaceAll(/\D/g, '') === wanted.account)
    if (household && known && household.phone.replaceAll(/\D/g, '') === wanted.phone) return household
  }
  return null
}

const fleetLogins = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `customer${String(n + 1).padStart(6, '0')}`)

function profileOf(world: World, login: string): Profile | null {
  const named = profiles[world.utility]
  if (Object.hasOwn(named, login)) return named[login] ?? null
  const number = Number(/^customer(\d{6})$/.exec(login)?.[1] ?? 0)
  if (number < 1 || number > world.fleet) return null
  const dice = hash('fleet', world.seed, number) % 100
  const plain = world.utility === 'sce' ? sceHome : home
  const sunny: Plan = world.utility === 'sce' ? { ...solar, tariff: 'sceSolar' } : solar
  const plans =
    dice < 60 || world.utility === 'sce' ? [dice < 75 ? plain : sunny] : dice < 85 ? [plain, gas] : [sunny, gas]
  return { index: 100 + number, name: `Customer ${number}`, about: 'one of the fleet', accounts: 1, plans }
}

const streets = [
  'Alder St',
  'Bay View Ave',
  'Cypress Ln',
  'Dolores St',
  'El Camino Way',
  'Fern Ct',
  'Grove Rd',
  'Hillcrest Dr',
]
const towns: Record<UtilityName, readonly [string, string][]> = {
  pge: [
    ['Sample Bay', '94199'],
    ['Oak Hollow', '95099'],
    ['Valley Springs', '95999'],
  ],
  sce: [
    ['Palm Vista', '92299'],
    ['Harbor City', '90799'],
    ['Orange Grove', '92899'],
  ],
  demo: [['Demo Town', '90099']],
}

function build(world: World, login: string, profile: Profile): Household {
  const seed = hash('household', world.seed, world.utility, login)
  const accountNumber = (n: number): string => numberOf(world.utility, 'account', profile.index * 2 + n)
  const accounts = Array.from({ length: profile.accounts }, (_, n) => ({
    number: accountNumber(n),
    agreements: [] as Agreement[],
  }))
  profile.plans.forEach((plan, n) => {
    accounts[plan.account ?? 0]?.agreements.push(
      agreementOf(world, { plan, n, seed, profile, account: accountNumber(plan.account ?? 0) }),
    )
  })
  return {
    index: profile.index,
    login,
    password: world.utility === 'demo' || profile.isScenario ? 'test' : 'demo',
    name: profile.name,
    email: `${login}@customers.example`,
    phone: `555-01${String(profile.index % 100).padStart(2, '0')}`,
    about: profile.about,
    accounts,
  }
}

type Making = { plan: Plan; n: number; seed: number; profile: Profile; account: string }

function agreementOf(world: World, { plan, n, seed, profile, account }: Making): Agreement {
  const today = world.originDay
  const cycle = plan.when === 'new' ? Math.min(26, dateOf(today + 9).date) : 3 + (hash(seed, account) % 22)
  const start = historyStart(today, cycle, world.historyMonths)
  const move = start + Math.floor((today - start) * 0.55)
  const number = profile.index * 8 + n
  const [town, zip] = towns[world.utility][(seed + (plan.when === 'after' ? 1 : 0)) % towns[world.utility].length] ?? [
    'Demo Town',
    '90099',
  ]
  return {
    id: numberOf(world.utility, 'usagePoint', number),
    name: numberOf(world.utility, 'agreement', number),
    key: `${world.utility}|${profile.index}|${n}`,
    account,
    commodity: plan.load === 'gas' ? 'gas' : 'electricity',
    intervalLength: plan.interval,
    solar: plan.solar ?? false,
    load: plan.load,
    tariff: plan.tariff,
    supplier: plan.supplier ?? null,
    gaps: plan.gaps ?? false,
    estimates: plan.estimates ?? false,
    firstDay: plan.when === 'new' ? today - 20 : plan.when === 'after' ? move : start,
    endDay: plan.when === 'before' ? move : null,
    cycle,
    street: {
      number: String(100 + (hash(seed, 'street', plan.when ?? '') % 9800)),
      name: streets[hash(seed, plan.when ?? '') % streets.length] ?? '',
    },
    town,
    zip,
    meter: digitsOf(10, number, 77_003),
    meters: [{ from: 0, meter: digitsOf(10, number, 77_003) }],
    meterType:
      plan.load === 'gas' ? 'GMTR AC-250' : plan.load === 'home' ? 'EMTR 2S/CL200/240V' : 'EMTR 12S/XP/CL200/3W/5Dials',
  }
}

/** Agreements that one household may have in all: their numbers are counted in eights. */
const maxAgreements = 8

/** Moves first, then meters: what has happened to the household since the world began. */
function withChanges(world: World, household: Household): Household {
  for (const move of world.moves.filter((m) => m.login === household.login)) {
    for (const account of household.accounts) {
      for (const left of account.agreements.filter((a) => a.endDay === null && a.firstDay < move.day)) {
        const n = household.accounts.reduce((count, a) => count + a.agreements.length, 0)
        if (n >= maxAgreements) throw new Error('This customer has moved too often')
        left.endDay = move.day
        account.agreements.push(movedAgreement(world, { left, n, household, day: move.day }))
      }
    }
  }
  for (const { usagePoint, day } of world.meterChanges) {
    const agreement = household.accounts.flatMap((a) => a.agreements).find((a) => a.id === usagePoint)
    if (!agreement) continue
    agreement.meter = digitsOf(10, household.index * 8 + agreement.meters.length, 5_077_003)
    agreement.meters.push({ from: day, meter: agreement.meter })
  }
  return household
}

type Moving = { left: Agreement; n: number; household: Household; day: number }

function movedAgreement(world: World, { left, n, household, day }: Moving): Agreement {
  const number = household.index * 8 + n
  const meter = digitsOf(10, number, 77_003)
  const seed = hash('moved', world.seed, household.login, n)
  return {
    ...left,
    id: numberOf(world.utility, 'usagePoint', number),
    name: numberOf(world.utility, 'agreement', number),
    key: `${world.utility}|${household.index}|${n}`,
    firstDay: day,
    endDay: null,
    street: { number: String(100 + (seed % 9800)), name: streets[seed % streets.length] ?? '' },
    meter,
    meters: [{ from: 0, meter }],
  }
}

/** Ids in each utility's own form; one to one, so that no two customers ever share one. */
function numberOf(utility: UtilityName, what: 'account' | 'agreement' | 'usagePoint', n: number): string {
  const salt = { account: 101, agreement: 70_001, usagePoint: 3_000_017 }[what]
  if (utility !== 'sce') return digitsOf(what === 'account' ? 11 : 10, n, salt)
  if (what === 'usagePoint') return lettersOf(6, n, salt)
  const digits = digitsOf(what === 'account' ? 9 : 10, n, salt)
  if (what === 'account') return `2-${digits.slice(0, 2)}-${digits.slice(2, 5)}-${digits.slice(5, 9)}`
  return `3-${digits.slice(0, 3)}-${digits.slice(3, 7)}-${digits.slice(7, 9)}`
}
