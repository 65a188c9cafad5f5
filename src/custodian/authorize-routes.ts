import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'

import { returnWith } from '../authorization/return-address.ts'
import { keepLanguage, parameter } from '../pages/form-routes.ts'
import { fieldOf, queryOf } from '../pages/page-tools.ts'
import { beginRequest } from './begin-request.ts'
import { askPage, refusedPage, sentPage } from './client-pages.ts'
import type { PagedDeps } from './custodian-deps.ts'
import { type JudgedRequest, judgeRequest, type Refusal } from './judge-request.ts'

/** The statuses that the alliance's harness expects. */
const STATUS: Record<Refusal, number> = { unknown_client: 401, bad_redirect: 400, bad_request: 400 }

const email = z.email().max(254)

/** The authorization endpoint (RFC 6749 section 3.1): who asks is shown, and the customer says by which address they are known. */
export function authorizeRoutes(app: FastifyInstance, deps: PagedDeps): void {
  const { tools } = deps
  for (const url of ['/DataCustodian/oauth/authorize', '/DataCustodian/:utility/oauth/authorize']) {
    app.get(url, async (request, reply) => {
      keepLanguage(request, reply, tools)
      const judged = await judge(request, reply)
      return judged && ask(request, reply, judged, null)
    })
    app.post(url, async (request, reply) => {
      const judged = await judge(request, reply)
      return judged && answer(request, reply, judged)
    })
  }

  async function judge(request: FastifyRequest, reply: FastifyReply): Promise<JudgedRequest | null> {
    const judged = await judgeRequest(deps, queryOf(request), parameter(request, 'utility'))
    if ('request' in judged) return judged.request
    if ('redirect' in judged) tools.leave(request, reply, judged.redirect)
    else tools.send(reply, refusedPage(tools.context(request), judged.refused), STATUS[judged.refused])
    return null
  }

  function ask(
    request: FastifyRequest,
    reply: FastifyReply,
    judged: JudgedRequest,
    given: string | null,
  ): FastifyReply {
    const { client, companyName, dataClasses } = judged
    const token = tools.guard.token(request, reply, subjectOf(judged))
    const entry = given === null ? { email: '', errors: {} } : { email: given, errors: { email: 'email' } }
    const page = { clientName: client.name, companyName, dataClasses, action: request.url, token, ...entry }
    return tools.send(reply, askPage(tools.context(request), page), given === null ? 200 : 422)
  }

  async function answer(request: FastifyRequest, reply: FastifyReply, judged: JudgedRequest): Promise<FastifyReply> {
    if (!tools.guard.accepts(request, subjectOf(judged), fieldOf(request, 'token')))
      return tools.refuseForged(request, reply, request.url)
    const { redirectUri, state, client, companyName } = judged
    if (fieldOf(request, 'action') === 'decline')
      return tools.leave(request, reply, returnWith(redirectUri, { error: 'access_denied', state }))
    const given = fieldOf(request, 'email').trim()
    const parsed = email.safeParse(given)
    if (!parsed.success) return ask(request, reply, judged, given)
    const cookie = tools.cookies.read(request, 'flow')
    const language = tools.language(request)
    tools.cookies.write(reply, 'flow', await beginRequest(deps, judged, { email: parsed.data, cookie, language }))
    return tools.send(reply, sentPage(tools.context(request), { clientName: client.name, companyName }))
  }
}

/** What the form is about. */
function subjectOf({ client }: JudgedRequest): string {
  return `/DataCustodian/oauth/authorize ${client.clientId}`
}
