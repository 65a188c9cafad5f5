import { expect, it } from 'vitest'

import { browserTests, testPages } from '../../test/page-tests.ts'
import { layoutFaults } from '../../test/page-visits.ts'
import type { Language } from '../authorization/customer-path.ts'
import { DATA_CLASSES } from '../model/authorization-states.ts'
import { askPage, consentPage, refusedPage, sentPage, stopPage } from './client-pages.ts'
import { consentWords } from './consent-words.ts'

/** Every page, with this text in the place of everything that comes from outside. */
function pagesWith(outside: string | null, language: Language): Record<string, string> {
  const operator = { operatorName: 'Golden State Data Cooperative', operatorEmail: 'help@gsdc.example' }
  const context = { ...operator, language, address: '/x' }
  const [clientName, companyName] = [outside ?? 'Bright Homes', outside ?? 'Sunny Solar']
  const asking = { clientName, companyName, action: '/x', token: 't', errors: {} }
  const ask = { ...asking, dataClasses: [...DATA_CLASSES], email: '' }
  const terms = {
    dataClasses: [...DATA_CLASSES],
    historyStart: new Date('2024-11-25T08:00:00Z'),
    ends: new Date('2027-11-25T08:00:00Z'),
    utilityName: outside ?? 'North Power and Light',
    zone: 'America/Los_Angeles',
  }
  const words = consentWords({ clientName, companyName, ...operator }, terms, language).text
  const offered = ['1.a', '2.b'].map((choice) => ({ choice, terms, words }))
  const stop = { clientName, words, action: '/x', token: 't' }
  return {
    ask: askPage(context, ask),
    'ask-again': askPage(context, { ...ask, email: outside ?? 'x', errors: { email: 'email' } }),
    sent: sentPage(context, asking),
    one: consentPage(context, { ...asking, offered: offered.slice(0, 1) }),
    two: consentPage(context, { ...asking, offered }),
    'two-again': consentPage(context, { ...asking, offered, errors: { share: 'share' } }),
    nothing: consentPage(context, { ...asking, offered: [] }),
    running: stopPage(context, { ...stop, isRunning: true }),
    over: stopPage(context, { ...stop, isRunning: false }),
    'unknown-client': refusedPage(context, 'unknown_client'),
    'bad-redirect': refusedPage(context, 'bad_redirect'),
    'bad-request': refusedPage(context, 'bad_request'),
  }
}

browserTests(() => {
  const visits = testPages(pagesWith)

  it.each(['en', 'es'] as const)('no page is wider than the window, in %s', { timeout: 90_000 }, async (language) => {
    expect(await visits.faultsOf(pagesWith(null, language), layoutFaults, [320, 375, 768, 1024, 1440])).toEqual([])
  })
})
