import type { FastifyReply } from 'fastify'

import type { Endpoint } from './endpoint.ts'
import { openApi } from './open-api.ts'
import { renderReference } from './render/reference.ts'

type Version = { publicUrl: string; prefix: string; endpoints: readonly Endpoint[]; isNative: boolean }

/** What a version of the API shows without a token: an index, its OpenAPI document, and that as a page. */
export function openPaths(version: Version): Record<string, (reply: FastifyReply) => unknown> {
  const document = openApi(version)
  const { publicUrl, prefix, endpoints } = version
  const paths = [...new Set(endpoints.map(({ path }) => path))].filter((path) => !path.includes(':'))
  const index = {
    name: 'green-button-proxy',
    version: document.info['version'],
    docs: `${publicUrl}/docs/api`,
    openapi: `${publicUrl}${prefix}/openapi.json`,
    reference: `${publicUrl}${prefix}/reference`,
    endpoints: paths.map((path) => `${publicUrl}${prefix}${path}`),
  }
  return {
    '/': () => index,
    '/openapi.json': () => document,
    '/reference': (reply) =>
      reply.type('text/html; charset=utf-8').headers(PAGE_HEADERS).send(renderReference(document)),
  }
}

const PAGE_HEADERS = {
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
}
