import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { EndOfFlow } from '../authorization/customer-path.ts'
import { isUid, type Uid } from '../model/uid.ts'
import { finalPage } from './final-page.ts'
import { keepLanguage, parameter } from './form-routes.ts'
import { fieldOf, type PageTools, queryOf } from './page-tools.ts'
import type { PagesDeps } from './pages-deps.ts'
import { resumePage } from './resume-page.ts'

/** Steps 5 and 6: back from the utility, the final step, and the reminder's way to it. */
export function finalRoutes(app: FastifyInstance, { path }: PagesDeps, tools: PageTools): void {
  const flowCookie = (request: FastifyRequest): string | null => tools.cookies.read(request, 'flow')

  app.get('/utilities/:utility/callback', { exposeHeadRoute: false }, async (request, reply) => {
    // A code is good once: what a browser fetches ahead of the customer must not use it up.
    if (isAhead(request)) return reply.code(503).send()
    const query = [...queryOf(request)].filter(([name]) => name !== 'lang')
    const result = await path.callback(parameter(request, 'utility') ?? '', query, flowCookie(request))
    if ('flowUid' in result) return reply.redirect(`/final/${result.flowUid}`, 303)
    return over(request, reply, result)
  })
  app.head('/utilities/:utility/callback', (_request, reply) => reply.send())

  app.get('/final/:flow', async (request, reply) => {
    const flow = flowOf(request)
    if (flow === null) return tools.deadEnd(request, reply, { end: 'unknown_link', retry: null })
    keepLanguage(request, reply, tools)
    const view = await path.grant(flow, flowCookie(request))
    if ('end' in view) return over(request, reply, view)
    const action = `/final/${flow}`
    const token = tools.guard.token(request, reply, action)
    return tools.send(reply, finalPage(tools.context(request, action), { view, action, token }))
  })

  app.post('/final/:flow', async (request, reply) => {
    const flow = flowOf(request)
    if (flow === null) return tools.deadEnd(request, reply, { end: 'unknown_link', retry: null })
    const address = `/final/${flow}`
    if (!tools.guard.accepts(request, address, fieldOf(request, 'token'))) {
      return tools.refuseForged(request, reply, address)
    }
    if (fieldOf(request, 'action') === 'decline') return withdraw(request, reply, flow)
    const done = await path.confirm(flow, flowCookie(request))
    if ('end' in done) return over(request, reply, done)
    if (done.redirect !== null) return tools.leave(request, reply, done.redirect)
    return reply.redirect(`/receipt/${encodeURIComponent(done.receiptKey)}`, 303)
  })

  /** Back to the company where the flow came from one, with the error; else a page that says what to do. */
  function over(request: FastifyRequest, reply: FastifyReply, { end, retry, redirect }: EndOfFlow): FastifyReply {
    return redirect === null ? tools.deadEnd(request, reply, { end, retry }) : tools.leave(request, reply, redirect)
  }

  async function withdraw(request: FastifyRequest, reply: FastifyReply, flow: Uid): Promise<FastifyReply> {
    const { end, redirect } = await path.withdraw(flow, flowCookie(request))
    if (redirect !== null) return tools.leave(request, reply, redirect)
    return tools.deadEnd(request, reply, { end, retry: null })
  }

  app.get('/resume/:key', (request, reply) => {
    const action = resumeAddress(request)
    const token = tools.guard.token(request, reply, action)
    return tools.send(reply, resumePage(tools.context(request, action), { action, token }))
  })

  app.post('/resume/:key', async (request, reply) => {
    const address = resumeAddress(request)
    if (!tools.guard.accepts(request, address, fieldOf(request, 'token'))) {
      return tools.refuseForged(request, reply, address)
    }
    const resumed = await path.resume(parameter(request, 'key') ?? '')
    if ('end' in resumed) return tools.deadEnd(request, reply, { end: resumed.end, retry: null })
    tools.cookies.write(reply, 'flow', resumed.cookie)
    return reply.redirect(`/final/${resumed.flowUid}`, 303)
  })
}

function flowOf(request: FastifyRequest): Uid | null {
  const flow = parameter(request, 'flow') ?? ''
  return isUid(flow) ? flow : null
}

function resumeAddress(request: FastifyRequest): string {
  return `/resume/${encodeURIComponent(parameter(request, 'key') ?? '')}`
}

function isAhead({ headers }: FastifyRequest): boolean {
  return /prefetch|prerender/i.test(`${String(headers['sec-purpose'] ?? '')} ${String(headers.purpose ?? '')}`)
}
