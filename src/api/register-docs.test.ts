import Fastify from 'fastify'
import { expect, test } from 'vitest'

import { API_ERROR_CODES } from './api-error.ts'
import { registerDocs } from './register-docs.ts'

test('the quickstart and a page for every error code are where answers say they are, and nothing else is', async () => {
  const app = Fastify()
  registerDocs(app)
  for (const address of [
    '/docs/api',
    '/docs/exports',
    '/docs/moving-from-utilityapi',
    '/docs/webhooks',
    '/docs/green-button-server',
    '/llms.txt',
    ...API_ERROR_CODES.map((code) => `/docs/errors/${code}`),
  ]) {
    const { statusCode, body, headers } = await app.inject(address)
    expect([address, statusCode, headers['content-type']]).toEqual([address, 200, 'text/plain; charset=utf-8'])
    expect(body).toMatch(/^# /)
  }
  for (const address of ['/docs/errors/nothing', '/docs/errors/..%2Fapi', '/docs/errors/%2e%2e%2fapi'])
    expect((await app.inject(address)).statusCode).toBe(404)
  await app.close()
})
