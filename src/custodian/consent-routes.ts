import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { FieldErrors } from '../authorization/customer-path.ts'
import { stopConsent } from '../authorization/stop-consent.ts'
import { keepLanguage, parameter } from '../pages/form-routes.ts'
import { fieldOf } from '../pages/page-tools.ts'
import { consentPage, stopPage } from './client-pages.ts'
import { consentWords } from './consent-words.ts'
import type { PagedDeps } from './custodian-deps.ts'
import { choiceOf, decideRequest } from './decide-request.ts'
import { findPassedOn } from './find-passed-on.ts'
import { openRequest } from './open-request.ts'

/** Where mailed links lead: to the decision, and to what stops it later. Looking changes nothing: mail scanners look, too. */
export function consentRoutes(app: FastifyInstance, deps: PagedDeps): void {
  const { tools, db, config } = deps

  app.get('/DataCustodian/oauth/consent/:key', async (request, reply) => show(request, reply, {}))

  app.post('/DataCustodian/oauth/consent/:key', async (request, reply) => {
    const { key, address } = placeOf(request, 'consent')
    if (!tools.guard.accepts(request, address, fieldOf(request, 'token')))
      return tools.refuseForged(request, reply, address)
    const choice = fieldOf(request, 'action') === 'decline' ? null : fieldOf(request, 'share')
    if (choice === '') return show(request, reply, { share: 'share' })
    const cookie = tools.cookies.read(request, 'flow')
    const decided = await decideRequest(deps, { key, cookie, choice, language: tools.language(request) })
    if ('redirect' in decided) return tools.leave(request, reply, decided.redirect)
    return tools.deadEnd(request, reply, { end: decided.end, retry: decided.end === 'text_changed' ? address : null })
  })

  async function show(request: FastifyRequest, reply: FastifyReply, errors: FieldErrors): Promise<FastifyReply> {
    keepLanguage(request, reply, tools)
    const { key, address } = placeOf(request, 'consent')
    const cookie = tools.cookies.read(request, 'flow')
    const opened = await db.operator((tx) => openRequest(tx, deps, { key, cookie }))
    if ('end' in opened) return tools.deadEnd(request, reply, { end: opened.end, retry: null })
    const { client, companyName } = opened
    const language = tools.language(request)
    const offered = opened.shares.map((share) => ({
      choice: choiceOf(deps, opened, share, language),
      terms: share.terms,
      words: consentWords({ clientName: client.name, companyName, ...config }, share.terms, language).text,
    }))
    const token = tools.guard.token(request, reply, address)
    const page = { clientName: client.name, companyName, offered, action: address, token, errors }
    return tools.send(reply, consentPage(tools.context(request, address), page), 'share' in errors ? 422 : 200)
  }

  app.get('/DataCustodian/oauth/share/:key', async (request, reply) => {
    keepLanguage(request, reply, tools)
    const { key, address } = placeOf(request, 'share')
    const found = await db.operator((tx) => findPassedOn(tx, deps, key))
    if (!found) return tools.deadEnd(request, reply, { end: 'unknown_link', retry: null })
    const { consent, isRunning } = found
    const token = tools.guard.token(request, reply, address)
    const page = { clientName: consent.clientName, words: consent.textShown, isRunning, action: address, token }
    return tools.send(reply, stopPage(tools.context(request, address), page))
  })

  app.post('/DataCustodian/oauth/share/:key', async (request, reply) => {
    const { key, address } = placeOf(request, 'share')
    if (!tools.guard.accepts(request, address, fieldOf(request, 'token')))
      return tools.refuseForged(request, reply, address)
    const isFound = await db.operator(async (tx) => {
      const found = await findPassedOn(tx, deps, key)
      if (found) await stopConsent(tx, { ...found.consent, by: 'customer', now: deps.now() })
      return found !== null
    })
    if (!isFound) return tools.deadEnd(request, reply, { end: 'unknown_link', retry: null })
    return reply.redirect(address, 303)
  })
}

function placeOf(request: FastifyRequest, name: 'consent' | 'share'): { key: string; address: string } {
  const key = parameter(request, 'key') ?? ''
  return { key, address: `/DataCustodian/oauth/${name}/${encodeURIComponent(key)}` }
}
