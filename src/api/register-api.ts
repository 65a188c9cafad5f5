import type { FastifyInstance } from 'fastify'

import { authorizationEndpoints } from './authorizations.ts'
import { billEndpoints } from './bills.ts'
import { billingAccountEndpoints } from './billing-accounts.ts'
import { billingSummaryEndpoints } from './billing-summaries.ts'
import { collectionEndpoints } from './collection.ts'
import type { ApiDeps, Endpoint } from './endpoint.ts'
import { eventEndpoints } from './events.ts'
import { fileEndpoints } from './files.ts'
import { formEndpoints } from './forms.ts'
import { intervalFileEndpoints } from './interval-files.ts'
import { intervalEndpoints } from './intervals.ts'
import { meterEndpoints } from './meters.ts'
import { type ApiVersion, mountApi } from './mount-api.ts'
import { openPaths } from './open-paths.ts'
import { renderError } from './render/error.ts'
import { testSubmitEndpoints } from './test-submit.ts'
import { templateEndpoints } from './templates.ts'
import { lookupEndpoints } from './utility-lookup.ts'

export type { ApiDeps } from './endpoint.ts'

const prefix = '/api/v2'

/** Every endpoint of API v2, also for the suites that go through all of them. */
export const endpoints: readonly Endpoint[] = [
  ...templateEndpoints,
  ...formEndpoints,
  ...testSubmitEndpoints,
  ...authorizationEndpoints,
  ...collectionEndpoints,
  ...meterEndpoints,
  ...billEndpoints,
  ...intervalEndpoints,
  ...billingAccountEndpoints,
  ...billingSummaryEndpoints,
  ...eventEndpoints,
  ...fileEndpoints,
  ...intervalFileEndpoints,
]

/** Mounts the API at /api/v2: the contract of the incumbent, so that its clients run by changing the base URL. */
export function registerApi(app: FastifyInstance, deps: ApiDeps): void {
  const open = openPaths({ publicUrl: deps.publicUrl, prefix, endpoints, isNative: false })
  mountLikeIncumbent(app, deps, { prefix, endpoints, open })
  mountLikeIncumbent(app, deps, { prefix: '/api/experimental', endpoints: lookupEndpoints, open: {} })
}

function mountLikeIncumbent(
  app: FastifyInstance,
  deps: ApiDeps,
  part: Pick<ApiVersion<ApiDeps>, 'prefix' | 'endpoints' | 'open'>,
): void {
  mountApi(app, {
    ...part,
    isNative: false,
    deps,
    begin: () => undefined,
    count: () => undefined,
    sendError: (error, _request, reply) => reply.send(renderError(error, deps.publicUrl)),
    run: async (endpoint, call) => await endpoint.run(call),
  })
}
