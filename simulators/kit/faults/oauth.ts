import { errorRedirect, withParameters } from '../flows.ts'
import { type Answer, json, redirect } from '../server.ts'
import type { Call, Mode, Whole } from './contract.ts'

type Fields = Record<string, unknown>

const token = (name: string, about: string, rest: Pick<Mode, 'instead' | 'after'>): Mode => ({
  name,
  group: 'OAuth',
  on: ['token'],
  about,
  ...rest,
})

/** Bends the JSON of a token answer that succeeded. */
const bent = (name: string, about: string, bend: (fields: Fields, call: Call) => Fields): Mode =>
  token(name, about, {
    after: (answer, call) => {
      if (answer.status !== 200) return answer
      const fields: Fields = JSON.parse(answer.body)
      return { ...answer, body: JSON.stringify(bend(fields, call)) }
    },
  })

const without = (fields: Fields, ...names: string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))

const scoped = (fields: Fields, pattern: RegExp, to: string): Fields => ({
  ...fields,
  scope: text(fields['scope']).replace(pattern, to),
})

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

const elsewhere = (address: unknown): string => text(address).replace(/^\w+:\/\/[^/]+/, 'https://foreign.example')

const refused = (status: number, error: string): Answer =>
  json(status, { error, error_description: `The ${error} of a fault mode` }, { 'cache-control': 'no-store' })

const back =
  (error: string) =>
  ({ incoming }: Call): Answer => {
    const redirectUri = incoming.query.get('redirect_uri')
    if (redirectUri === null) return { status: 400, type: 'text/plain', body: 'no redirect_uri' }
    return redirect(errorRedirect({ redirectUri, state: incoming.query.get('state') }, error))
  }

/** Changes the redirect that ends the customer's way; other answers of the pages stay. */
const returned = (name: string, about: string, change: (to: URL) => void): Mode => ({
  name,
  group: 'OAuth',
  on: ['authorize'],
  about,
  after: (answer: Whole) => {
    const location = answer.headers?.['location']
    if (typeof location !== 'string' || !/[?&]code=/.test(location)) return answer
    const to = new URL(location)
    change(to)
    return { ...answer, headers: { ...answer.headers, location: to.href } }
  },
})

export const oauthModes: readonly Mode[] = [
  token('expire-now', 'access and client tokens are over at once; refresh tokens live on', {}),
  token('rotation-off', 'a refresh answers the same refresh token', {}),
  token('invalid-grant', '400 invalid_grant to a code or a refresh token', {}),
  token('invalid-client', '401 invalid_client', { instead: () => refused(401, 'invalid_client') }),
  bent('no-refresh-token', 'no refresh token; on a refresh the old one is dead', (f) => without(f, 'refresh_token')),
  bent('no-access-token', 'no access token', (f) => without(f, 'access_token', 'client_access_token')),
  bent('string-expires-in', 'expires_in as text', (f) => ({ ...f, expires_in: `${Number(f['expires_in'])}` })),
  bent('expires-in-zero', 'expires_in 0 (`seconds`)', (f, { fault }) => ({ ...f, expires_in: fault.seconds ?? 0 })),
  bent('expires-in-huge', 'expires_in 10^12', (f) => ({ ...f, expires_in: 1e12 })),
  bent('expires-in-missing', 'no expires_in', (f) => without(f, 'expires_in')),
  bent('narrower-scope', 'fewer function blocks than asked for', (f) => scoped(f, /FB=[\d_]*/, 'FB=1_3_4_5_13_14')),
  bent('wider-scope', 'more function blocks than asked for', (f) => scoped(f, /FB=([\d_]*)/, 'FB=$1_51_99')),
  bent('foreign-resource-uri', 'resourceURI at another origin', (f) => ({
    ...f,
    resourceURI: elsewhere(f['resourceURI']),
  })),
  bent('foreign-authorization-uri', 'authorizationURI at another origin', (f) => ({
    ...f,
    authorizationURI: elsewhere(f['authorizationURI']),
  })),
  bent('unknown-token-type', 'token_type "mac"', (f) => ({ ...f, token_type: 'mac' })),
  bent('huge-token', 'an access token of 1 MB (`bytes`)', (f, { fault }) => ({
    ...f,
    access_token: 'x'.repeat(fault.bytes ?? 1_000_000),
  })),
  token('xml-token', 'the token answer as XML', {
    after: (answer) => {
      const fields: Fields = JSON.parse(answer.body)
      const body = Object.entries(fields).map(([name, value]) => `<${name}>${String(value)}</${name}>`)
      return { ...answer, type: 'application/xml', body: `<Response>${body.join('')}</Response>` }
    },
  }),
  {
    name: 'expire-mid-feed',
    group: 'OAuth',
    on: ['resource'],
    about: 'all access tokens end while the feed is sent, and the feed ends half way',
    after: (answer, { expireTokens }) => {
      expireTokens()
      return { ...answer, body: answer.body.slice(0, Math.floor(answer.body.length / 2)) }
    },
  },
  {
    name: 'server-error',
    group: 'OAuth',
    on: ['authorize'],
    about: 'back with error=server_error',
    instead: back('server_error'),
  },
  {
    name: 'access-denied',
    group: 'OAuth',
    on: ['authorize'],
    about: 'back with error=access_denied',
    instead: back('access_denied'),
  },
  {
    name: 'temporarily-unavailable',
    group: 'OAuth',
    on: ['authorize'],
    about: 'back with error=temporarily_unavailable',
    instead: back('temporarily_unavailable'),
  },
  returned('no-code', 'back without a code', (to) => to.searchParams.delete('code')),
  returned('wrong-code', 'back with a code that the token endpoint does not know', (to) =>
    to.searchParams.set('code', '00000000-0000-4000-8000-000000000000'),
  ),
  returned('no-state', 'back without the state', (to) => to.searchParams.delete('state')),
  returned('wrong-state', 'back with another state', (to) => to.searchParams.set('state', 'somebody-else')),
  returned('code-and-error', 'back with a code and an error', (to) => {
    to.href = withParameters(to.href, [['error', 'server_error']])
  }),
]
