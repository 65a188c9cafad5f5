import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { FieldErrors, FormInput, FormView } from '../authorization/customer-path.ts'
import { type AskedForm, formUrl, readFormAddress } from './form-address.ts'
import { type FormEntries, formPage } from './form-page.ts'
import { withLanguage } from './layout.ts'
import { fieldOf, type PageTools, queryOf } from './page-tools.ts'
import type { PagesDeps } from './pages-deps.ts'

/** Steps 1 and 2: the form, at a utility's own address and at the one where the customer chooses the utility. */
export function formRoutes(app: FastifyInstance, { path }: PagesDeps, tools: PageTools): void {
  for (const url of ['/:utility/gb-oauth/:alias', '/authorize/:alias']) {
    app.get(url, async (request, reply) => {
      const asked = ask(request, tools)
      if (asked === null) return tools.deadEnd(request, reply, { end: 'unknown_link', retry: null })
      keepLanguage(request, reply, tools)
      const view = await path.form(asked.address)
      if ('end' in view) return tools.deadEnd(request, reply, { end: view.end, retry: null })
      return tools.send(reply, render(request, reply, { asked, view, entries: firstEntries(asked, view) }))
    })
    app.post(url, async (request, reply) => {
      const asked = ask(request, tools)
      if (asked === null) return tools.deadEnd(request, reply, { end: 'unknown_link', retry: null })
      if (!tools.guard.accepts(request, subjectOf(asked), fieldOf(request, 'token'))) {
        return tools.refuseForged(request, reply, formUrl(asked))
      }
      return fieldOf(request, 'action') === 'decline' ? decline(request, reply, asked) : start(request, reply, asked)
    })
  }

  async function start(request: FastifyRequest, reply: FastifyReply, asked: AskedForm): Promise<FastifyReply> {
    const input = inputOf(request, asked)
    const started = await path.start(asked.address, input, tools.cookies.read(request, 'flow'))
    if ('redirect' in started) {
      tools.cookies.write(reply, 'flow', started.cookie)
      return tools.leave(request, reply, started.redirect)
    }
    const retry = withLanguage(formUrl(asked), asked.address.language)
    if ('end' in started) {
      const isOver = ['unknown_link', 'form_disabled', 'form_expired', 'bad_redirect_uri'].includes(started.end)
      return tools.deadEnd(request, reply, { end: started.end, retry: isOver ? null : retry })
    }
    const view = await path.form(asked.address)
    if ('end' in view) return tools.deadEnd(request, reply, { end: view.end, retry: null })
    // The version that the customer has seen stays in the form: reading the errors is not agreeing to a newer text.
    const seen = { ...view, consentVersion: input.consentVersion }
    return tools.send(reply, render(request, reply, { asked, view: seen, entries: input, errors: started.errors }), 422)
  }

  async function decline(request: FastifyRequest, reply: FastifyReply, asked: AskedForm): Promise<FastifyReply> {
    const person = { name: fieldOf(request, 'name'), email: fieldOf(request, 'email') }
    const { end, redirect } = await path.decline(asked.address, person)
    if (redirect !== null) return tools.leave(request, reply, redirect)
    return tools.deadEnd(request, reply, { end, retry: withLanguage(formUrl(asked), asked.address.language) })
  }

  type Shown = { asked: AskedForm; view: FormView; entries: FormEntries; errors?: FieldErrors }

  function render(request: FastifyRequest, reply: FastifyReply, { asked, view, entries, errors = {} }: Shown): string {
    const address = formUrl(asked)
    const token = tools.guard.token(request, reply, subjectOf(asked))
    const action = withLanguage(address, asked.address.language)
    return formPage(tools.context(request, address), { view, entries, errors, action, token })
  }
}

function ask(request: FastifyRequest, tools: PageTools): AskedForm | null {
  const place = { alias: parameter(request, 'alias') ?? '', utilitySlug: parameter(request, 'utility') }
  return readFormAddress(place, queryOf(request), tools.language(request))
}

/** What a form's token is about: one company's form and request, so that it serves no other. */
function subjectOf({ address }: AskedForm): string {
  return JSON.stringify(['form', address.utilitySlug, address.alias, address.key])
}

function firstEntries({ suggestedUtility }: AskedForm, view: FormView): FormEntries {
  const wanted = suggestedUtility?.toLowerCase()
  const suggested = view.utilities.find(({ id, slug }) => [id.toLowerCase(), slug].some((name) => name === wanted))
  const only = view.utilities.length === 1 ? view.utilities[0] : undefined
  const utilitySlug = (view.utility ?? suggested ?? only)?.slug ?? ''
  return { ...view.prefill, endDate: view.defaultEnd, utilitySlug }
}

function inputOf(request: FastifyRequest, { address }: AskedForm): FormInput {
  return {
    name: fieldOf(request, 'name'),
    email: fieldOf(request, 'email'),
    endDate: fieldOf(request, 'endDate'),
    utilitySlug: address.utilitySlug ?? fieldOf(request, 'utilitySlug'),
    consentVersion: fieldOf(request, 'consentVersion'),
  }
}

/** The way to the utility and back loses `?lang=`; the cookie keeps a language that was chosen. */
export function keepLanguage(request: FastifyRequest, reply: FastifyReply, tools: PageTools): void {
  if (queryOf(request).has('lang')) tools.cookies.write(reply, 'lang', tools.language(request))
}

/** A named part of the request's path; null when the route has none of that name. */
export function parameter(request: FastifyRequest, name: string): string | null {
  const params = request.params
  if (typeof params !== 'object' || params === null || !Object.hasOwn(params, name)) return null
  const value: unknown = Reflect.get(params, name)
  return typeof value === 'string' ? value : null
}
