import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { utilities as knownUtilities } from '../utilities/index.ts'
import { availabilityPage } from './availability-page.ts'
import { companiesPage } from './companies-page.ts'
import { formPath } from './form-address.ts'
import { keepLanguage, parameter } from './form-routes.ts'
import { homePage, isUnderWay } from './home-page.ts'
import { withLanguage } from './layout.ts'
import { legalPage } from './legal-page.ts'
import { type PageTools, queryOf } from './page-tools.ts'
import type { PagesDeps } from './pages-deps.ts'
import { stylesheet } from './stylesheet.ts'

/** A profile that was never tried is no promise. */
const supported = knownUtilities.filter(({ support }) => support === 'full')

const REFRESH_SECONDS = 4

/** Pages beside the customer's path: home, where utilities' portals lead to, availability, terms, privacy, the style. */
export function infoRoutes(app: FastifyInstance, deps: PagesDeps, tools: PageTools): void {
  app.get('/', async (request, reply) => {
    const view = await deps.home()
    if (view.demo !== null && isUnderWay(view)) reply.header('refresh', String(REFRESH_SECONDS))
    return tools.send(reply, homePage(tools.context(request), view))
  })

  // `scope` is where utilities of the older kind send the customer to choose what is shared (ESPI scope selection).
  for (const url of ['/utilities/:utility/portal', '/utilities/:utility/scope']) {
    app.get(url, (request, reply) => chooseCompany(request, reply, deps, tools))
  }

  app.get('/availability', (request, reply) =>
    tools.send(reply, availabilityPage(tools.context(request), deps.utilities ?? supported)),
  )
  for (const which of ['terms', 'privacy'] as const) {
    app.get(`/${which}`, (request, reply) => tools.send(reply, legalPage(tools.context(request), which)))
  }
  app.get(stylesheet.url, (_request, reply) =>
    reply
      .header('cache-control', 'public, max-age=31536000, immutable')
      .type('text/css; charset=utf-8')
      .send(stylesheet.text),
  )
}

async function chooseCompany(
  request: FastifyRequest,
  reply: FastifyReply,
  { path, utilities = knownUtilities }: PagesDeps,
  tools: PageTools,
): Promise<FastifyReply> {
  const slug = parameter(request, 'utility') ?? ''
  keepLanguage(request, reply, tools)
  const context = tools.context(request, `/utilities/${encodeURIComponent(slug)}/portal`)
  const query = [...queryOf(request)].filter(([name]) => name !== 'lang')
  const found = await path.portal(slug, query)
  if ('end' in found) return tools.deadEnd(request, reply, { end: found.end, retry: null })
  const companies = found.companies.map(({ companyName, alias }) => ({
    name: companyName,
    url: withLanguage(formPath(slug, alias), context.language),
  }))
  const utilityName = utilities.find((utility) => utility.slug === slug)?.name ?? null
  return tools.send(reply, companiesPage(context, { utilityName, companies }))
}
