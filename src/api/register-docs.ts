import { readFile } from 'node:fs/promises'
import path from 'node:path'

import type { FastifyInstance } from 'fastify'

const FOLDER = path.resolve(import.meta.dirname, '../../docs/errors')

/** The page of each error code, at the address that errors name: /docs/errors/{code}. Plain text. */
export function registerDocs(app: FastifyInstance): void {
  app.get<{ Params: { code: string } }>('/docs/errors/:code', async (request, reply) => {
    const { code } = request.params
    const text = /^[a-z_]{1,60}$/.test(code)
      ? await readFile(path.join(FOLDER, `${code}.md`), 'utf8').catch(() => null)
      : null
    if (text === null)
      return await reply.code(404).type('text/plain; charset=utf-8').send('There is no error of this name.\n')
    return await reply.type('text/plain; charset=utf-8').header('x-content-type-options', 'nosniff').send(text)
  })
}
