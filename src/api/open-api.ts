import { z } from 'zod'

import { SCOPE_MEANINGS } from '../model/roles.ts'
import { error, problem } from './answers/error.ts'
import type { Endpoint } from './endpoint.ts'

/** An OpenAPI 3.1 document, as far as we write one. */
export type OpenApi = {
  openapi: '3.1.1'
  info: Record<string, string>
  servers: { url: string }[]
  security: Record<string, string[]>[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Json>; securitySchemes: Record<string, Json> }
}

export type Operation = {
  operationId: string
  summary: string
  description: string
  security: Record<string, string[]>[]
  tags: string[]
  parameters: Parameter[]
  requestBody?: { required: boolean; content: Content }
  responses: Record<string, { description: string; content: Content; headers?: Record<string, Json> }>
}

export type Parameter = {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  schema: Json
  style?: 'form'
  explode?: false
  description?: string
}

/** A part of the document that is only written, never read. */
export type Json = Record<string, unknown>
type Content = Record<string, { schema: Json }>
type Version = { publicUrl: string; prefix: string; endpoints: readonly Endpoint[]; isNative: boolean }

/** The document of one version of the API, from the schemas that its endpoints validate requests and declare answers with. */
export function openApi({ publicUrl, prefix, endpoints, isNative }: Version): OpenApi {
  const schemas: Record<string, Json> = {}
  const paths: OpenApi['paths'] = {}
  const failure = {
    description: 'A refusal, or a fault on our side.',
    content: isNative
      ? { 'application/problem+json': { schema: answerSchema(problem, schemas) } }
      : { 'application/json': { schema: answerSchema(error, schemas) } },
  }
  for (const endpoint of endpoints) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}')
    const operation = operationOf(endpoint, isNative, schemas)
    operation.responses['default'] = failure
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation }
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Green Button Proxy', version: prefix.split('/').at(-1) ?? '', description: describe(isNative) },
    servers: [{ url: `${publicUrl}${prefix}` }],
    security: [{ bearer: [] }, { key: [] }, { query: [] }],
    paths,
    components: { schemas, securitySchemes: SECURITY },
  }
}

const SECURITY = {
  bearer: { type: 'http', scheme: 'bearer' },
  key: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
  query: { type: 'apiKey', in: 'query', name: 'access_token' },
}

function describe(isNative: boolean): string {
  return isNative
    ? 'The objects of API v2, and webhooks, sums, data quality, lineage, exports, templates, members, tokens and third parties. Unknown parameters and fields are refused.'
    : "The contract of UtilityAPI's API v2. Unknown parameters and fields are ignored. Clients should accept keys that they do not know."
}

function operationOf(endpoint: Endpoint, isNative: boolean, schemas: Record<string, Json>): Operation {
  const { method, path, summary, scope, query, body, answer } = endpoint
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  const content =
    answer instanceof z.ZodType
      ? { 'application/json': { schema: answerSchema(answer, schemas) } }
      : Object.fromEntries([answer.mediaType, answer.orElse ?? []].flat().map((type) => [type, { schema: {} }]))
  const asked = body && requestSchema(body)
  return {
    operationId: operationId(method, path),
    summary,
    description: `Needs the scope ${scope}: ${SCOPE_MEANINGS[scope]}.`,
    security: Object.keys(SECURITY).map((scheme) => ({ [scheme]: [scope] })),
    tags: [path.split('/')[1] ?? ''],
    parameters: [
      ...names.map((name): Parameter => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...queryParameters(query),
      ...(isNative ? headerParameters(method) : []),
    ],
    ...(asked && {
      requestBody: { required: 'required' in asked, content: { 'application/json': { schema: asked } } },
    }),
    responses: { '200': { description: 'Done.', content, ...(isNative ? { headers: HEADERS } : {}) } },
  }
}

const HEADERS = {
  'X-Request-Id': { schema: { type: 'string' } },
  'RateLimit-Policy': { schema: { type: 'string' } },
  RateLimit: { schema: { type: 'string' } },
}

function headerParameters(method: string): Parameter[] {
  const header = { in: 'header', required: false, schema: { type: 'string' } } as const
  const id: Parameter = { name: 'X-Request-Id', ...header, description: 'Comes back, also in errors.' }
  if (method === 'GET') return [id]
  return [id, { name: 'Idempotency-Key', ...header, description: 'The same request is done once, for 24 hours.' }]
}

/** Lists are sent by comma, the shorter of the two ways in which they are read. */
function queryParameters(query: z.ZodObject): Parameter[] {
  const { properties, required } = requestSchema(query)
  const needed: unknown[] = Array.isArray(required) ? required : []
  return Object.entries(toRecord(properties)).map(([name, schema]) => {
    const { description, anyOf, ...rest } = toRecord(schema)
    const isList = Array.isArray(anyOf)
    return {
      name,
      in: 'query',
      required: needed.includes(name),
      schema: isList ? { type: 'array', items: { type: 'string' } } : rest,
      ...(isList ? ({ style: 'form', explode: false } as const) : {}),
      ...(typeof description === 'string' ? { description } : {}),
    }
  })
}

function requestSchema(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}

/** Named parts go into `schemas`. What an answer may not have is ours to keep; clients are to accept keys that come later. */
function answerSchema(schema: z.ZodType, schemas: Record<string, Json>): Json {
  const written = z.toJSONSchema(schema, {
    unrepresentable: 'any',
    override: ({ jsonSchema }) => void delete jsonSchema.additionalProperties,
  })
  const moved = toRecord(JSON.parse(JSON.stringify(written).replaceAll('"#/$defs/', '"#/components/schemas/')))
  const { $schema: _, $defs, id, ...rest } = moved
  for (const [name, part] of Object.entries(toRecord($defs))) schemas[name] = withoutId(part)
  if (typeof id !== 'string') return rest
  schemas[id] = rest
  return { $ref: `#/components/schemas/${id}` }
}

function withoutId(part: unknown): Json {
  const { id: _, ...rest } = toRecord(part)
  return rest
}

function toRecord(value: unknown): Json {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** `GET /meters/:uid` is getMetersByUid. */
function operationId(method: string, path: string): string {
  const words = path.replaceAll(/:(\w+)/g, 'by-$1').split(/[^A-Za-z0-9]+/)
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}
