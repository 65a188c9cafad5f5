import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'

import { openBrowser, type Page } from '../../src/authorization/scripted-browser.ts'
import { type RunningApp, startRunningApp } from '../running-app.ts'

let running: RunningApp
let company: Server
let done = ''
beforeAll(async () => {
  running = await startRunningApp({ historyMonths: 1 })
  company = createServer((_request, response) => response.end('<p>the company</p>'))
  await new Promise<void>((listening) => company.listen(0, '127.0.0.1', listening))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on TCP
  done = `http://127.0.0.1:${(company.address() as AddressInfo).port}/done?a=1`
  await running.database.admin('update templates set redirect_uris = $1', [[done]])
})
afterAll(async () => {
  company.close()
  await running.close()
})
beforeEach(async () => void (await running.admin('pge', 'DELETE', '/fault')))

/** From the form to wherever it ends. */
async function walk(login: string, { cancel = false, query = 'state=s-1' } = {}): Promise<Page> {
  const browser = openBrowser()
  let page = await browser.open(`${running.formUrl('pge')}?${query}`)
  page = await browser.submit(page, /Continue to Final Step/, { name: 'Pat', email: 'dead.end@example.com' })
  page = await browser.submit(page, /sign in/i, { login, password: 'demo' })
  return cancel ? await browser.submit(page, /cancel/i) : await browser.submit(page, /submit/i, { agree: 'yes' })
}

it.each([
  ['the token endpoint is down', { on: 'token', status: 503 }, 'temporarily_unavailable'],
  ['the utility refuses its own code', { on: 'token', mode: 'invalid-grant' }, 'server_error'],
  ['the token answer points elsewhere', { on: 'token', mode: 'foreign-resource-uri' }, 'server_error'],
])('%s: the customer is back at the company, which reads why', async (_what, fault, error) => {
  await running.admin('pge', 'POST', '/fault', { times: 1, ...fault })
  const page = await walk('home')
  const url = new URL(page.url)
  expect(page.html).toBe('<p>the company</p>')
  expect(`${url.origin}${url.pathname}`).toBe(done.replace('?a=1', ''))
  expect(Object.fromEntries(url.searchParams)).toEqual({
    ...{ a: '1', state: 's-1', error },
    error_description: expect.stringMatching(/^[A-Z][a-z ,.']+[.]$/i),
  })
})

it('a decline at the utility and a share of nothing are the customer’s own will', async () => {
  for (const page of [await walk('home', { cancel: true }), await walk('empty')]) {
    const url = new URL(page.url)
    expect([url.searchParams.get('error'), url.searchParams.get('state')]).toEqual(['access_denied', 's-1'])
  }
})

it('without an address to return to the customer reads a page with a way on', async () => {
  await running.admin('pge', 'POST', '/fault', { on: 'token', status: 503, times: 1 })
  const page = await walk('home', { query: 'noredirect=1' })
  expect(page.url).toContain('/utilities/pge/callback')
  expect(page.status).toBe(503)
  expect(page.html).toContain('/pge/gb-oauth/sunrise-solar')
})

it('a callback that is not this browser’s goes nowhere, whatever the flow has', async () => {
  const browser = openBrowser()
  const form = await browser.open(running.formUrl('pge'))
  const utility = await browser.submit(form, /Continue to Final Step/, { name: 'Pat', email: 'x@example.com' })
  const state = new URL(utility.url).searchParams.get('state') ?? ''
  const stranger = await openBrowser().open(`${running.url}/utilities/pge/callback?code=x&state=${state}`)
  expect([stranger.status, new URL(stranger.url).origin]).toEqual([403, running.url])
})
