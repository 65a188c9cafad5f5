import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { FieldErrors } from '../authorization/customer-path.ts'
import { keepLanguage, parameter } from './form-routes.ts'
import { fieldOf, type PageTools, queryOf } from './page-tools.ts'
import type { PagesDeps } from './pages-deps.ts'
import { isRunning, receiptPage } from './receipt-page.ts'
import { revokePage } from './revoke-page.ts'

/** Step 7 and ever after: the receipt by its private link, ending the share sooner, and stopping it. */
export function receiptRoutes(app: FastifyInstance, { path }: PagesDeps, tools: PageTools): void {
  app.get('/receipt/:key', (request, reply) => show(request, reply, { errors: {}, endDate: null }))

  app.get('/receipt/:key/revoke', async (request, reply) => {
    const { key, address } = receiptOf(request)
    const view = await path.receipt(key, tools.language(request))
    if ('end' in view) return tools.deadEnd(request, reply, { end: view.end, retry: null })
    // A share that ran out can still be deleted.
    if (!isRunning(view.state) && view.state !== 'expired') return reply.redirect(address, 303)
    const token = tools.guard.token(request, reply, address)
    return tools.send(reply, revokePage(tools.context(request), { view, address, token }))
  })

  app.post('/receipt/:key/revoke', async (request, reply) => {
    const { key, address } = receiptOf(request)
    if (!isOurs(request)) return tools.refuseForged(request, reply, `${address}/revoke`)
    const ended = await path.revoke(key)
    if (ended !== null) return tools.deadEnd(request, reply, { end: ended.end, retry: null })
    return reply.redirect(address, 303)
  })

  app.post('/receipt/:key/shorten', async (request, reply) => {
    const { key, address } = receiptOf(request)
    if (!isOurs(request)) return tools.refuseForged(request, reply, address)
    const endDate = fieldOf(request, 'endDate')
    const result = await path.shorten(key, endDate)
    if (result === null) return reply.redirect(`${address}?notice=shortened`, 303)
    if ('end' in result) return tools.deadEnd(request, reply, { end: result.end, retry: null })
    return show(request, reply, { errors: result.errors, endDate })
  })

  app.post('/receipt/:key/passed-on/:number/stop', async (request, reply) => {
    const { key, address } = receiptOf(request)
    if (!isOurs(request)) return tools.refuseForged(request, reply, address)
    const number = Number(parameter(request, 'number'))
    const ended = Number.isInteger(number) && number < 2 ** 31 ? await path.stopPassingOn(key, number) : null
    if (ended !== null) return tools.deadEnd(request, reply, { end: ended.end, retry: null })
    return reply.redirect(`${address}?notice=stopped`, 303)
  })

  const isOurs = (request: FastifyRequest): boolean =>
    tools.guard.accepts(request, receiptOf(request).address, fieldOf(request, 'token'))

  async function show(
    request: FastifyRequest,
    reply: FastifyReply,
    { errors, endDate }: { errors: FieldErrors; endDate: string | null },
  ): Promise<FastifyReply> {
    const { key, address } = receiptOf(request)
    keepLanguage(request, reply, tools)
    const view = await path.receipt(key, tools.language(request))
    if ('end' in view) return tools.deadEnd(request, reply, { end: view.end, retry: null })
    const token = tools.guard.token(request, reply, address)
    const asked = queryOf(request).get('notice')
    const notice = asked === 'shortened' || asked === 'stopped' ? asked : null
    const page = receiptPage(tools.context(request, address), { view, address, token, errors, endDate, notice })
    return tools.send(reply, page, endDate === null ? 200 : 422)
  }
}

function receiptOf(request: FastifyRequest): { key: string; address: string } {
  const key = parameter(request, 'key') ?? ''
  return { key, address: `/receipt/${encodeURIComponent(key)}` }
}
