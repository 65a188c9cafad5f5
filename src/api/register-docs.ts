import { readFile } from 'node:fs/promises'
import path from 'node:path'

import type { FastifyInstance } from 'fastify'

const DOCS = path.resolve(import.meta.dirname, '../../docs')

const PAGES = [
  ['/docs/api', 'api.md'],
  ['/docs/exports', 'exports.md'],
  ['/docs/moving-from-utilityapi', 'moving-from-utilityapi.md'],
  ['/docs/webhooks', 'webhooks.md'],
  ['/docs/green-button-server', 'green-button-server.md'],
  ['/llms.txt', 'llms.txt'],
] as const

/** The quickstart at /docs/api, exports, moving here, webhooks, Green Button out, /llms.txt, and the page of each error code where errors say it is: /docs/errors/{code}. Plain text. */
export function registerDocs(app: FastifyInstance): void {
  for (const [address, file] of PAGES)
    app.get(address, async (_request, reply) => {
      const text = await readFile(path.join(DOCS, file), 'utf8')
      return await reply.type('text/plain; charset=utf-8').header('x-content-type-options', 'nosniff').send(text)
    })
  app.get<{ Params: { code: string } }>('/docs/errors/:code', async (request, reply) => {
    const { code } = request.params
    const text = /^[a-z_]{1,60}$/.test(code)
      ? await readFile(path.join(DOCS, 'errors', `${code}.md`), 'utf8').catch(() => null)
      : null
    if (text === null)
      return await reply.code(404).type('text/plain; charset=utf-8').send('There is no error of this name.\n')
    return await reply.type('text/plain; charset=utf-8').header('x-content-type-options', 'nosniff').send(text)
  })
}
