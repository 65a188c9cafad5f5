import { formsOf, press, visit, type Visit } from '../simulators/test-client.ts'

/** A customer at a simulated utility: signs in, keeps or changes what is ticked, submits. */
export type AtUtility = {
  login?: string
  password?: string
  /** `cancel` at the first page. */
  cancel?: boolean
  /** Fields of the last form set anew; null leaves one out. */
  changes?: Record<string, string | null>
}

/** Goes through a utility's pages from the authorize address; returns the redirect that leaves the utility. */
export async function shareAt(authorize: string, options: AtUtility = {}): Promise<URL> {
  const origin = new URL(authorize).origin
  let page = await visit(authorize)
  const isGone = (visited: Visit): boolean => visited.location !== null && !visited.location.startsWith(origin)
  for (let step = 0; step < 6 && !isGone(page); step++) page = await next(page, options)
  if (page.location === null) throw new Error(`no way out of the utility: ${page.status} ${page.body.slice(0, 400)}`)
  return new URL(page.location)
}

async function next(page: Visit, options: AtUtility): Promise<Visit> {
  const actions = formsOf(page.body).map((form) => form.action)
  const has = (end: string): boolean => actions.some((action) => action.endsWith(end))
  const end = ['/sign-in', '/terms', '/submit'].find(has)
  if (end === undefined) throw new Error(`no known form: ${page.status} ${page.body.slice(0, 400)}`)
  if (options.cancel) return await press(page, end, 'cancel')
  if (end === '/sign-in') {
    const isDemo = page.url.includes('/oauth/authorize') && !page.url.includes('/DataCustodian/')
    const fallback = isDemo ? { login: 'test', password: 'test' } : { login: 'home', password: 'demo' }
    const { login = fallback.login, password = fallback.password } = options
    return await press(page, end, 'sign-in', { login, password })
  }
  if (end === '/terms') return await press(page, end, 'continue')
  const agree = page.url.includes('/myAuthorization') ? { agree: 'yes' } : {}
  return await press(page, end, 'submit', { ...agree, ...options.changes })
}

/** The query of a redirect as our pages hand it on: names and values decoded once, in order. */
export function queryOf(url: URL): [string, string][] {
  return [...url.searchParams]
}
