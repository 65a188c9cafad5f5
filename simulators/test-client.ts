import { createServer } from 'node:http'
import { SaxesParser } from 'saxes'
import { Agent, fetch as request } from 'undici'
import type { ThirdParty, UtilityInfo } from './contract.ts'
import { portOf } from './kit/server.ts'

/** A small third party for the tests of the simulators: a form-driven browser, a token client and a notification server. */

export type Form = { action: string; fields: [string, string][]; buttons: [string, string][] }

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' }

const unescape = (text: string): string =>
  text.replaceAll(/&(?:#(\d+)|(\w+));/g, (_, code: string | undefined, name: string) =>
    code ? String.fromCodePoint(Number(code)) : (entities[name] ?? ''),
  )

const attribute = (tag: string, name: string): string | null => {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
  return found === undefined ? null : unescape(found)
}

/** The forms of a page with what a browser would send: hidden and typed values, ticked boxes, chosen options. */
export const formsOf = (page: string): Form[] =>
  [...page.matchAll(/<form[^>]*>[\s\S]*?<\/form>/g)].map(([text]) => {
    const fields: [string, string][] = []
    for (const [tag] of text.matchAll(/<input[^>]*>/g)) {
      const name = attribute(tag, 'name')
      const box = /type="(checkbox|radio)"/.test(tag)
      if (name !== null && (!box || /\schecked/.test(tag))) fields.push([name, attribute(tag, 'value') ?? ''])
    }
    for (const [, name = '', inner = ''] of text.matchAll(/<select name="([^"]*)">([\s\S]*?)<\/select>/g))
      fields.push([name, /<option value="([^"]*)" selected/.exec(inner)?.[1] ?? ''])
    const buttons = [...text.matchAll(/<button[^>]*>/g)].map(([tag]): [string, string] => [
      attribute(tag, 'name') ?? '',
      attribute(tag, 'value') ?? '',
    ])
    return { action: attribute(text, 'action') ?? '', fields, buttons }
  })

export type Visit = { status: number; url: string; body: string; location: string | null }

/** GET or form POST; follows redirects within the utility and stops at the one that leaves it. */
export const visit = async (url: string, fields?: [string, string][]): Promise<Visit> => {
  const options = fields ? { method: 'POST', body: new URLSearchParams(fields) } : {}
  const answer = await fetch(url, { ...options, redirect: 'manual' })
  const location = answer.headers.get('location')
  if (location?.startsWith('/')) return visit(new URL(location, url).href)
  return { status: answer.status, url, body: await answer.text(), location }
}

/** Presses a button of the page's form whose action ends so, with some fields set anew (null: left out). */
export const press = (
  page: Visit,
  action: string,
  button: string,
  changes: Record<string, string | null> = {},
): Promise<Visit> => {
  const form = formsOf(page.body).find((f) => f.action.endsWith(action))
  if (!form) throw new Error(`No form ${action} on ${page.url}: ${page.body.slice(-900)}`)
  const kept = form.fields.filter(([name]) => !Object.hasOwn(changes, name))
  const set = Object.entries(changes).filter((change): change is [string, string] => change[1] !== null)
  return visit(new URL(form.action, page.url).href, [...kept, ...set, ['action', button]])
}

/** The whole way through the pages of a utility; returns the redirect that leaves it. */
export const share = async (
  utility: UtilityInfo,
  login: string,
  options: { redirectUri: string; changes?: Record<string, string | null> },
): Promise<URL> => {
  const customer = utility.customers.find((c) => c.login === login)
  const path = { 'PG&E': '/myAuthorization', SCE: '/DataCustodian/oauth/authorize', DEMO: '/oauth/authorize' }[
    utility.utility
  ]
  const query = new URLSearchParams({
    client_id: utility.registration.clientId,
    redirect_uri: options.redirectUri,
    response_type: 'code',
    state: 'a b&c',
  })
  const first = await visit(`${utility.pages}${path}?${query.toString()}`)
  let page = await press(first, '/sign-in', 'sign-in', { login, password: customer?.password ?? 'demo' })
  if (utility.utility === 'SCE') page = await press(page, '/terms', 'continue')
  const last = await press(
    page,
    '/submit',
    'submit',
    utility.utility === 'PG&E' ? { agree: 'yes', ...options.changes } : (options.changes ?? {}),
  )
  if (!last.location) throw new Error(`No redirect at the end: ${last.body.slice(-600)}`)
  return new URL(last.location)
}

export type Got = { status: number; body: string; headers: { get(name: string): string | null } }

export type Api = {
  get(address: string, token?: string, method?: string): Promise<Got>
  token(
    parameters: Record<string, string>,
    options?: { path?: string; secret?: string; inQuery?: boolean },
  ): Promise<Got & { json: Record<string, unknown> }>
  close(): Promise<void>
}

/** A JSON object, or an empty one when the text is none. */
export const objectOf = (text: string): Record<string, unknown> => {
  if (!text.startsWith('{')) return {}
  const value: Record<string, unknown> = JSON.parse(text)
  return value
}

const tokenPaths = { 'PG&E': '/datacustodian/oauth/v2/token', SCE: '/DataCustodian/oauth/token', DEMO: '/oauth/token' }

/** Calls the API as the registered third party does; `credentials` replaces or leaves out the client certificate. */
export const apiOf = (utility: UtilityInfo, credentials?: { certificate: string; key: string } | null): Api => {
  const shown = credentials === undefined ? utility.registration : credentials
  const agent = new Agent({
    connect: {
      ...(utility.ca === null ? {} : { ca: utility.ca }),
      ...(shown?.certificate ? { cert: shown.certificate, key: shown.key ?? '' } : {}),
    },
  })
  const call = async (address: string, options: Record<string, unknown>): Promise<Got> => {
    const answer = await request(address, { dispatcher: agent, redirect: 'manual', ...options })
    return { status: answer.status, body: await answer.text(), headers: answer.headers }
  }
  return {
    get: (address, token, method = 'GET') =>
      call(address.startsWith('/') ? `${utility.api}${address}` : address, {
        method,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      }),
    async token(
      parameters,
      { path = tokenPaths[utility.utility], secret = utility.registration.clientSecret, inQuery = false } = {},
    ) {
      const encoded = new URLSearchParams(parameters).toString()
      const basic = Buffer.from(`${utility.registration.clientId}:${secret}`).toString('base64')
      const got = await call(`${utility.api}${path}${inQuery ? `?${encoded}` : ''}`, {
        method: 'POST',
        body: inQuery ? '' : encoded,
        headers: {
          authorization: `Basic ${basic}`,
          'content-type': inQuery ? 'application/json' : 'application/x-www-form-urlencoded',
        },
      })
      return { ...got, json: objectOf(got.body) }
    },
    close: () => agent.close(),
  }
}

export type Listener = ThirdParty & {
  bodies: string[]
  requests: { method: string; type: string }[]
  statuses: number[]
  next(count: number): Promise<void>
  close(): Promise<void>
}

/** Receives notifications; `statuses` are answered first, then 200. */
export const listenForNotifications = async (): Promise<Listener> => {
  const bodies: string[] = []
  const requests: Listener['requests'] = []
  const statuses: number[] = []
  const waiting: { count: number; done: () => void }[] = []
  const server = createServer((incoming, answer) => {
    let body = ''
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString()))
    incoming.on('end', () => {
      bodies.push(body)
      requests.push({ method: incoming.method ?? '', type: incoming.headers['content-type'] ?? '' })
      answer.writeHead(statuses.shift() ?? 200).end()
      for (const one of waiting.filter((w) => bodies.length >= w.count)) one.done()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${portOf(server)}`
  return {
    redirectUri: `${origin}/callback`,
    notificationUri: `${origin}/notify`,
    portalUri: `${origin}/portal`,
    bodies,
    requests,
    statuses,
    next: (count) =>
      bodies.length >= count ? Promise.resolve() : new Promise((done) => waiting.push({ count, done })),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export type Node = { name: string; text: string; children: Node[]; attributes: Record<string, string> }

const localOf = (name: string): string => name.slice(name.indexOf(':') + 1)

/** XML as a tree of local names; throws where it is not well-formed or a prefix is not declared on the element or above. */
export const parse = (xml: string): Node => {
  const parser = new SaxesParser()
  const top: Node = { name: '', text: '', children: [], attributes: {} }
  const stack = [top]
  parser.on('error', (error) => {
    throw error
  })
  const prefixes: Set<string>[] = [new Set(['xml'])]
  parser.on('opentag', (tag) => {
    const names = Object.keys(tag.attributes)
    const declared = names.filter((name) => name.startsWith('xmlns:')).map((name) => name.slice(6))
    const known =
      declared.length > 0 ? new Set([...(prefixes.at(-1) ?? []), ...declared]) : (prefixes.at(-1) ?? new Set())
    prefixes.push(known)
    const used = [tag.name, ...names.filter((name) => !name.startsWith('xmlns'))].filter((name) => name.includes(':'))
    const unknown = used.find((name) => !known.has(name.slice(0, name.indexOf(':'))))
    if (unknown !== undefined) throw new Error(`Prefix of ${unknown} is not declared`)
    const attributes = Object.fromEntries(Object.entries(tag.attributes).map(([name, value]) => [localOf(name), value]))
    const node: Node = { name: localOf(tag.name), text: '', children: [], attributes }
    stack.at(-1)?.children.push(node)
    stack.push(node)
  })
  parser.on('text', (text) => {
    const node = stack.at(-1)
    if (node) node.text += text
  })
  parser.on('closetag', () => {
    stack.pop()
    prefixes.pop()
  })
  parser.write(xml).close()
  const root = top.children[0]
  if (!root) throw new Error('No root element')
  return root
}

/** All elements of that name below. */
export const all = (node: Node, name: string): Node[] =>
  node.children.flatMap((child) => [...(child.name === name ? [child] : []), ...all(child, name)])

/** Text at the end of a path of names, or null. */
export const text = (node: Node | undefined, ...path: string[]): string | null => {
  let at = node
  for (const name of path) at = at?.children.find((child) => child.name === name)
  return at ? at.text.trim() : null
}

export const linkOf = (entry: Node, rel: string): string =>
  entry.children.find((child) => child.name === 'link' && child.attributes['rel'] === rel)?.attributes['href'] ?? ''

export const resourcesOf = (notification: string): string[] =>
  all(parse(notification), 'resources').map((node) => node.text.trim())

export const admin = async (utility: UtilityInfo, method: string, path: string, body?: unknown): Promise<unknown> => {
  const answer = await fetch(`${utility.admin}/_admin${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const value: unknown = await answer.json()
  if (!answer.ok) throw new Error(JSON.stringify(value))
  return value
}

export type Listed = { id: string; login: string; agreements: string[]; status: number }

export const authorizations = async (utility: UtilityInfo): Promise<Listed[]> => {
  const answer = await fetch(`${utility.admin}/_admin/authorizations`)
  const list: Listed[] = JSON.parse(await answer.text())
  return list
}
