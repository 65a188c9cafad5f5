import {
  newestSubscription,
  type RunningApp,
  startRunningApp,
  untilCollected,
  type UtilitySlug,
} from '../running-app.ts'
import { ask, type Asking, type Exchange } from './exchange.ts'
import { openReceiver, type Receiver } from './receiver.ts'
import { recordOf } from './walk.ts'

/** A share of one customer: whose, and what both sides call it. */
export type Share = { utility: UtilitySlug; login: string; authorizationUid: string; subscription: string }

/** A company on the running product, with a webhook and customers of every kind, as clients meet it. */
export type Company = {
  running: RunningApp
  receiver: Receiver
  /** Of the webhook. */
  secret: string
  shares: Share[]
  /** Asks API v2 with the company's token; a body is sent as JSON. */
  ask(path: string, asking?: Omit<Asking, 'body'> & { body?: unknown }): Promise<Exchange>
  close(): Promise<void>
}

/** Customers by their log-ins; who is `empty` has nothing to share, and ends at the utility. */
type Customers = Readonly<Record<UtilitySlug, string[]>>
export const CUSTOMERS: Customers = {
  demo: ['test', 'commercial'],
  pge: ['solar', 'home', 'shop', 'moved', 'new', 'empty'],
  sce: ['home', 'solar', 'empty'],
}
export const NOBODY: Customers = { demo: [], pge: [], sce: [] }

/** Starts the product and lets customers share what they have; all of it is collected. */
export async function openCompany(customers: Customers): Promise<Company> {
  const running = await startRunningApp({ historyMonths: 2 })
  const receiver = await openReceiver()
  const { token, apiUrl } = running.shown
  const company: Company = {
    ...{ running, receiver, secret: '', shares: [] },
    ask: async (path, { body, headers = {}, ...asking } = {}) =>
      await ask(path.startsWith('http') ? path : `${apiUrl}${path}`, {
        ...asking,
        headers: { authorization: `Bearer ${token}`, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async close() {
      await running.close()
      receiver.close()
    },
  }
  const hook = await company.ask(`${running.url}/api/v3/webhooks`, { method: 'POST', body: { url: receiver.url } })
  company.secret = String(recordOf(hook.body)['secret'])
  for (const utility of ['demo', 'pge', 'sce'] as const)
    for (const login of customers[utility]) await share(company, utility, login)
  for (const { authorizationUid } of company.shares) await untilCollected(running, authorizationUid)
  return company
}

async function share({ running, shares }: Company, utility: UtilitySlug, login: string): Promise<void> {
  if (login === 'empty') {
    const { browser, page } = await running.toChoices(utility, login)
    await browser.submit(page, /submit|share|authorize|allow/i, utility === 'pge' ? { agree: 'yes' } : {})
    return
  }
  const { authorizationUid } = await running.share(utility, login)
  shares.push({ utility, login, authorizationUid, subscription: await newestSubscription(running, utility) })
}
