import type { FastifyReply, FastifyRequest } from 'fastify'

import type { DeadEnd, Language } from '../authorization/customer-path.ts'
import { type Cookies, openCookies } from './cookies.ts'
import { type FormGuard, openFormGuard } from './csrf.ts'
import { deadEndPage, deadEndStatus } from './dead-end-page.ts'
import { negotiateLanguage, readLanguage } from './language.ts'
import type { PageContext } from './layout.ts'
import { leaveAddress, leavePage } from './leave-page.ts'
import type { PagesDeps } from './pages-deps.ts'
import { problemPage } from './problem-page.ts'

/** What all routes of the pages share: who the customer is to us (language, cookies), and the ways to answer. */
export type PageTools = {
  cookies: Cookies
  guard: FormGuard
  language: (request: FastifyRequest) => Language
  /** `address`: where the page is reached by GET, when that is not the request's own address. */
  context: (request: FastifyRequest, address?: string) => PageContext
  send: (reply: FastifyReply, html: string, status?: number) => FastifyReply
  deadEnd: (request: FastifyRequest, reply: FastifyReply, end: { end: DeadEnd; retry: string | null }) => FastifyReply
  /** The page for a form that is not ours; `back` is where ours is. */
  refuseForged: (request: FastifyRequest, reply: FastifyReply, back: string) => FastifyReply
  /** Answers a form with the way to another site. */
  leave: (request: FastifyRequest, reply: FastifyReply, url: string) => FastifyReply
}

export function openPageTools({ config }: Pick<PagesDeps, 'config'>): PageTools {
  const cookies = openCookies(config.secureCookies)
  const language = (request: FastifyRequest): Language =>
    readLanguage(queryOf(request).get('lang')) ??
    readLanguage(cookies.read(request, 'lang')) ??
    negotiateLanguage(request.headers['accept-language'])
  const context = (request: FastifyRequest, address?: string): PageContext => ({
    language: language(request),
    operatorName: config.operatorName,
    operatorEmail: config.operatorEmail,
    address: address ?? addressOf(request),
  })
  const send = (reply: FastifyReply, html: string, status = 200): FastifyReply =>
    reply.code(status).type('text/html; charset=utf-8').send(html)
  return {
    cookies,
    guard: openFormGuard(cookies, config.publicUrl),
    language,
    context,
    send,
    deadEnd: (request, reply, end) => send(reply, deadEndPage(context(request), end), deadEndStatus[end.end]),
    refuseForged: (request, reply, back) =>
      send(reply, problemPage(context(request, back), { kind: 'forged', back }), 403),
    leave: (request, reply, url) =>
      send(reply.header('location', leaveAddress(url)), leavePage(context(request), leaveAddress(url)), 303),
  }
}

/** The query of a request, decoded once, repeated names kept. */
export function queryOf(request: FastifyRequest): URLSearchParams {
  const start = request.url.indexOf('?')
  return new URLSearchParams(start === -1 ? '' : request.url.slice(start + 1))
}

/** Path and query of a request without `lang`; for POSTs only of use where the same address answers GET. */
function addressOf(request: FastifyRequest): string {
  const query = queryOf(request)
  query.delete('lang')
  const [path = '/'] = request.url.split('?')
  return query.size === 0 ? path : `${path}?${query.toString()}`
}

/** A field of a posted form; empty when it is missing or given more than once. */
export function fieldOf(request: FastifyRequest, name: string): string {
  const body = request.body
  if (typeof body !== 'object' || body === null) return ''
  const value: unknown = Object.hasOwn(body, name) ? Reflect.get(body, name) : undefined
  return typeof value === 'string' ? value : ''
}
