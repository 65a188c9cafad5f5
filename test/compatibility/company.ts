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

const CUSTOMERS: Readonly<Record<UtilitySlug, string[]>> = {
  demo: ['test', 'commercial'],
  pge: ['solar', 'home', 'shop', 'moved', 'new'],
  sce: ['home', 'solar'],
}
/** Who has nothing to share: the customer's way ends there. */
const EMPTY = ['pge', 'sce'] as const

/** Starts the product and lets customers share what they have; all of it is collected. */
export async function openCompany(): Promise<Company> {
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
    for (const login of CUSTOMERS[utility]) {
      const { authorizationUid } = await running.share(utility, login)
      company.shares.push({
        utility,
        login,
        authorizationUid,
        subscription: await newestSubscription(running, utility),
      })
    }
  for (const utility of EMPTY) {
    const { browser, page } = await running.toChoices(utility, 'empty')
    await browser.submit(page, /submit|share|authorize|allow/i, utility === 'pge' ? { agree: 'yes' } : {})
  }
  for (const { authorizationUid } of company.shares) await untilCollected(running, authorizationUid)
  return company
}
