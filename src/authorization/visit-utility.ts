import { formsOf, openBrowser, type Page } from './scripted-browser.ts'
import type { Scenario } from './test-scenarios.ts'
import { TestRefused } from './test-refused.ts'

/** The password of every simulated customer of a test; the log-in is the scenario's name. */
const PASSWORD = 'test'
const PAGES = 6
const ON = /submit|share|authorize|allow|continue/i

/**
 * Goes through a simulated utility's pages: signs in, keeps what is ticked, agrees, and goes on. Returns the query with
 * which the utility sends the customer to `callback`, which is not visited. Throws TestRefused.
 */
export async function visitUtility(
  authorize: string,
  { callback, scenario }: { callback: string; scenario: Scenario },
): Promise<[string, string][]> {
  const browser = openBrowser({ stopBefore: callback })
  const isBack = ({ url }: Page): boolean => url.split('?')[0] === callback
  let page: Page
  try {
    page = await browser.open(authorize)
    for (let step = 0; step < PAGES && page.status < 400 && !isBack(page); step++) {
      const asksWho = formsOf(page).some(({ fields }) => fields.some(([name]) => name === 'password'))
      page = asksWho
        ? await browser.submit(page, /sign in/i, { login: scenario, password: PASSWORD })
        : await browser.submit(page, ON, { agree: 'yes' })
    }
  } catch (cause) {
    throw new TestRefused('utility', 'its simulation does not answer. Start the simulated utilities again', cause)
  }
  if (isBack(page)) return [...new URL(page.url).searchParams]
  throw new TestRefused('scenario', `the simulated utility refuses this customer (status ${page.status})`)
}
