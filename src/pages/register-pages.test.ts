import fastify, { type FastifyInstance, type InjectOptions } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'

import type { CustomerPath } from '../authorization/customer-path.ts'
import type { PagesDeps } from './pages-deps.ts'
import { registerPages } from './register-pages.ts'
import { plainTexts, sampleHome } from './sample-views.ts'
import { stylesheet } from './stylesheet.ts'

/** For routes that must answer by themselves: whoever gets as far as the customer's path has failed. */
const unreachable: CustomerPath = {
  form: refuse,
  start: refuse,
  decline: refuse,
  callback: refuse,
  grant: refuse,
  confirm: refuse,
  withdraw: refuse,
  resume: refuse,
  portal: refuse,
  receipt: refuse,
  revoke: refuse,
  stopPassingOn: refuse,
  shorten: refuse,
}

async function refuse(): Promise<never> {
  throw new Error('the customer’s path was reached')
}

const apps: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

type Notification = { key: string; body: string }

async function open(
  publicUrl: string,
  received: Notification[] = [],
  path: CustomerPath = unreachable,
): Promise<FastifyInstance> {
  const app = fastify()
  apps.push(app)
  const deps: PagesDeps = {
    path,
    config: {
      publicUrl,
      operatorName: 'Golden State Data Cooperative',
      operatorEmail: 'help@gsdc.example',
      secureCookies: publicUrl.startsWith('https:'),
    },
    home: async () => sampleHome(plainTexts),
    notify: async (key, body) => {
      if (key === 'fails') throw new Error('database gone')
      received.push({ key, body: body.toString('latin1') })
      if (key === 'busy') return 'busy'
      return key === 'known' ? 'stored' : 'unknown'
    },
  }
  await registerPages(app, deps)
  await app.ready()
  return app
}

const HTTPS = 'https://share.example.com'
const html = { accept: 'text/html' }

describe('every page', () => {
  const addresses = ['/', '/terms', '/privacy?lang=es', '/availability', '/resume/k', '/nothing-here']

  it.each(addresses)(
    '%s runs no script, loads nothing foreign, is never framed, stored or told to others',
    async (url) => {
      const app = await open(HTTPS)
      const { headers, body } = await app.inject({ url, headers: html })
      const policy = String(headers['content-security-policy'])
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("form-action 'self' https:")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/unsafe|script-src/)
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        'strict-transport-security': 'max-age=63072000',
      })
      expect(body).not.toMatch(/<script|<style|\sstyle=|\son[a-z]+=/i)
    },
  )

  it('is in the language of the link, else of the browser', async () => {
    const app = await open(HTTPS)
    const languageOf = async (options: InjectOptions): Promise<string | undefined> =>
      /<html lang="(\w+)"/.exec((await app.inject(options)).body)?.[1]
    expect(await languageOf({ url: '/terms', headers: { 'accept-language': 'es-US,en;q=0.5' } })).toBe('es')
    expect(await languageOf({ url: '/terms?lang=en', headers: { 'accept-language': 'es' } })).toBe('en')
    expect(await languageOf({ url: '/terms?lang=fr' })).toBe('en')
  })

  it('over plain http promises no https', async () => {
    const app = await open('http://127.0.0.1:8400')
    expect((await app.inject('/terms')).headers['strict-transport-security']).toBeUndefined()
  })
})

it('the stylesheet may be kept for good, since its address changes with it', async () => {
  const app = await open(HTTPS)
  const { headers, body } = await app.inject(stylesheet.url)
  expect(headers['cache-control']).toBe('public, max-age=31536000, immutable')
  expect(body).toBe(stylesheet.text)
})

describe('what is not a page', () => {
  it('is told to people as a page and to programs as problem details', async () => {
    const app = await open(HTTPS)
    const person = await app.inject({ url: '/nothing', headers: html })
    expect([person.statusCode, person.body.includes('There is no such page')]).toEqual([404, true])
    const program = await app.inject({ url: '/nothing', headers: { accept: 'application/json' } })
    expect([program.statusCode, program.json()]).toEqual([404, { title: 'Not Found', status: 404 }])
  })

  it('a fault of ours is a page with a reference, and says nothing of what broke', async () => {
    const app = await open(HTTPS)
    const { statusCode, body } = await app.inject('/utilities/pge/portal')
    expect(statusCode).toBe(500)
    expect(body).toContain('Reference for support: req-')
    expect(body).not.toContain('was reached')
  })

  it('while the database restarts says so, and leads to itself and nowhere else', async () => {
    const away = async (): Promise<never> => await Promise.reject(Object.assign(new Error('secret'), { code: '57P01' }))
    const app = await open(HTTPS, [], { ...unreachable, portal: away, form: away })
    const told = await app.inject({ url: '/pge/gb-oauth/bright?state=a%22b', headers: html })
    expect([told.statusCode, told.headers['retry-after']]).toEqual([503, '10'])
    expect(told.body).toContain('href="/pge/gb-oauth/bright?state&#61;a%22b"')
    expect(told.body).not.toContain('secret')
    for (const url of ['//evil.example/gb-oauth/x', '/\\evil.example/gb-oauth/x', 'http://evil.example/pge/gb-oauth/x'])
      expect((await app.inject({ url, headers: html })).body).not.toMatch(/href="[^"]*evil/)
  })

  it('a body that is no form is refused', async () => {
    const app = await open(HTTPS)
    const post = (payload: string, type: string) =>
      app.inject({ method: 'POST', url: '/receipt/k/revoke', payload, headers: { 'content-type': type } })
    expect((await post('{"token":"x"}', 'application/json')).statusCode).toBe(415)
    expect((await post(`token=${'x'.repeat(20_000)}`, 'application/x-www-form-urlencoded')).statusCode).toBe(413)
  })

  it('a form link that says a thing twice leads nowhere', async () => {
    const app = await open(HTTPS)
    const { statusCode } = await app.inject('/pge/gb-oauth/bright?redirect_uri=a&redirect_uri=b')
    expect(statusCode).toBe(404)
  })
})

describe('forms', () => {
  const posts = [
    '/pge/gb-oauth/a?f=K',
    '/authorize/a',
    '/final/12',
    '/resume/k',
    '/receipt/k/revoke',
    '/receipt/k/shorten',
  ]

  /** A visit of the resume page, which needs no path: its cookie and its token. */
  async function visit(app: FastifyInstance): Promise<{ cookie: string; token: string; setCookie: string }> {
    const { headers, body } = await app.inject('/resume/k')
    const setCookie = String(headers['set-cookie'])
    return {
      setCookie,
      cookie: setCookie.split(';')[0] ?? '',
      token: /name="token" value="([^"]*)"/.exec(body)?.[1] ?? '',
    }
  }

  async function post(app: FastifyInstance, url: string, token: string, headers: Record<string, string>) {
    const payload = new URLSearchParams({ token, name: 'Ann', email: 'a@b.example' }).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    return app.inject({ method: 'POST', url, payload, headers: { ...type, ...headers } })
  }

  it.each(posts)('posted to %s from another site change nothing', async (url) => {
    const app = await open(HTTPS)
    const { cookie, token } = await visit(app)
    const attempts = [
      post(app, url, token, {}),
      post(app, url, '', { cookie }),
      post(
        app,
        url,
        token.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A')),
        { cookie },
      ),
      post(app, url, token, { cookie, 'sec-fetch-site': 'cross-site' }),
      post(app, url, token, { cookie, 'sec-fetch-site': 'same-site' }),
      post(app, url, token, { cookie, origin: 'https://evil.example' }),
    ]
    for (const { statusCode, body } of await Promise.all(attempts)) {
      expect(statusCode).toBe(403)
      expect(body).toContain('Please open the page again')
    }
  })

  it('of our own page pass, and only for what they are about', async () => {
    const app = await open(HTTPS)
    const { cookie, token } = await visit(app)
    const own = { cookie, 'sec-fetch-site': 'same-origin', origin: 'null' }
    expect((await post(app, '/resume/k', token, own)).statusCode).toBe(500) // reached the path
    expect((await post(app, '/resume/other', token, own)).statusCode).toBe(403)
    expect((await post(app, '/receipt/k/revoke', token, own)).statusCode).toBe(403)
  })

  it('have cookies that no other host and no script can reach', async () => {
    const secure = await visit(await open(HTTPS))
    expect(secure.setCookie).toMatch(/^__Host-gbp-csrf=[\w-]{32}; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    const plain = await visit(await open('http://127.0.0.1:8400'))
    expect(plain.setCookie).toMatch(/^gbp-csrf=[\w-]{32}; Path=\/; HttpOnly; SameSite=Lax$/)
  })
})

describe('what only looks', () => {
  it('does not use up what the utility sent back', async () => {
    const app = await open(HTTPS)
    const url = '/utilities/pge/callback?code=c&state=s'
    expect((await app.inject({ method: 'HEAD', url })).statusCode).toBe(200)
    expect((await app.inject({ url, headers: { 'sec-purpose': 'prefetch;prerender' } })).statusCode).toBe(503)
    expect((await app.inject({ url, headers: { purpose: 'prefetch' } })).statusCode).toBe(503)
  })

  it('does not use up a reminder’s link', async () => {
    const app = await open(HTTPS)
    expect((await app.inject('/resume/k')).statusCode).toBe(200)
    expect((await app.inject({ method: 'HEAD', url: '/resume/k' })).statusCode).toBe(200)
  })
})

describe('notifications', () => {
  it('of any type reach us as the bytes they are', async () => {
    const received: Notification[] = []
    const app = await open(HTTPS, received)
    const types = [
      'application/atom+xml',
      'application/json',
      'application/x-www-form-urlencoded',
      'text/xml; charset=x',
      '',
    ]
    for (const type of types) {
      const headers = type === '' ? {} : { 'content-type': type }
      const payload = Buffer.from([0x3c, 0xff, 0x00, 0x7b])
      const { statusCode, body } = await app.inject({ method: 'POST', url: '/notifications/known', payload, headers })
      expect([type, statusCode, body]).toEqual([type, 200, ''])
    }
    expect(received).toEqual(types.map(() => ({ key: 'known', body: '<\xff\0{' })))
  })

  it('get 200 at an address of ours whatever they say, else 404, and 413 above 256 KiB', async () => {
    const app = await open(HTTPS)
    const status = async (options: InjectOptions | string): Promise<number> => (await app.inject(options)).statusCode
    expect(await status('/notifications/known')).toBe(200)
    expect(await status('/notifications/unknown')).toBe(404)
    expect(await status({ method: 'POST', url: '/notifications/unknown', payload: 'x' })).toBe(404)
    expect(await status({ method: 'POST', url: '/notifications/known', payload: 'x'.repeat(262_144) })).toBe(200)
    expect(await status({ method: 'POST', url: '/notifications/known', payload: 'x'.repeat(262_145) })).toBe(413)
    expect(await status('/notifications/fails')).toBe(500)
    expect(await status('/notifications/busy')).toBe(503)
  })
})
