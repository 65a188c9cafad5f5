/**
 * A customer's browser for scripts: keeps cookies by origin, follows redirects by hand, fills and posts plain HTML forms.
 * Only loopback addresses are ever visited.
 */
export type Page = { url: string; status: number; html: string }
export type Form = {
  action: string
  method: string
  fields: [string, string][]
  buttons: { name: string; value: string; text: string }[]
}

export type Fields = Record<string, string | readonly string[]>

export type Browser = {
  open(url: string): Promise<Page>
  /** Posts the form that has a button with this text, with the given fields changed (a list: what is ticked). Throws when there is none. */
  submit(page: Page, buttonText: RegExp, fields?: Fields): Promise<Page>
}

const REDIRECTS = 20
const PATIENCE_MS = 30_000

/**
 * Opens a browser without a past. stopBefore: an address that it is sent to and does not visit, whatever its query; the
 * page has that address then.
 */
export function openBrowser({ stopBefore = null }: { stopBefore?: string | null } = {}): Browser {
  const jar = new Map<string, Map<string, string>>()

  async function visit(address: string, init: RequestInit, origin: string | null): Promise<Page> {
    let url = new URL(address)
    let request = init
    for (let hop = 0; hop < REDIRECTS; hop++) {
      if (!/^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(url.hostname))
        throw new Error(`not a loopback address: ${url.origin}`)
      const cookies = jar.get(url.host) ?? new Map<string, string>()
      jar.set(url.host, cookies)
      const headers = new Headers(request.headers)
      if (cookies.size > 0) headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '))
      headers.set('accept-language', headers.get('accept-language') ?? 'en')
      if (request.method === 'POST' && origin) headers.set('origin', origin)
      const signal = AbortSignal.timeout(PATIENCE_MS)
      const response = await fetch(url, { ...request, headers, redirect: 'manual', signal })
      for (const line of response.headers.getSetCookie()) keep(cookies, line)
      const location = response.headers.get('location')
      if (response.status < 300 || response.status >= 400 || location === null) {
        return { url: url.href, status: response.status, html: await response.text() }
      }
      await response.arrayBuffer()
      url = new URL(location, url)
      if (`${url.origin}${url.pathname}` === stopBefore) return { url: url.href, status: response.status, html: '' }
      request = { method: 'GET' }
    }
    throw new Error(`more than ${REDIRECTS} redirects from ${address}`)
  }

  return {
    open: async (url) => await visit(url, { method: 'GET' }, null),
    async submit(page, buttonText, fields = {}) {
      for (const form of formsOf(page)) {
        const button = form.buttons.find(({ text }) => buttonText.test(text))
        if (!button) continue
        const entries = form.fields.filter(([name]) => !(name in fields))
        for (const [name, value] of Object.entries(fields))
          for (const one of typeof value === 'string' ? [value] : value) entries.push([name, one])
        if (button.name) entries.push([button.name, button.value])
        const body = new URLSearchParams(entries)
        if (form.method === 'GET') {
          const target = new URL(form.action)
          target.search = body.toString()
          return await visit(target.href, { method: 'GET' }, null)
        }
        return await visit(form.action, { method: 'POST', body }, new URL(page.url).origin)
      }
      throw new Error(`no form with a button ${buttonText} on ${page.url} (status ${page.status})`)
    },
  }
}

function keep(cookies: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';')
  const at = pair.indexOf('=')
  const name = pair.slice(0, at).trim()
  const gone = attributes.some((text) => /^\s*max-age=0\s*$/i.test(text) || /^\s*expires=Thu, 01 Jan 1970/i.test(text))
  if (gone) cookies.delete(name)
  else cookies.set(name, pair.slice(at + 1).trim())
}

/** The forms of a page with their fields as a browser would send them: ticked boxes, chosen options, hidden fields. */
export function formsOf(page: Page): Form[] {
  return [...page.html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head = '', body = '']) => ({
    action: new URL(attribute(head, 'action') ?? page.url, page.url).href,
    method: (attribute(head, 'method') ?? 'get').toUpperCase(),
    fields: fieldsOf(body),
    buttons: [...body.matchAll(/<button\b([^>]*)>([\s\S]*?)<\/button>/gi)].map(([, tag = '', text = '']) => ({
      name: attribute(tag, 'name') ?? '',
      value: attribute(tag, 'value') ?? '',
      text: decode(text.replaceAll(/<[^>]*>/g, '')).trim(),
    })),
  }))
}

function fieldsOf(body: string): [string, string][] {
  const fields: [string, string][] = []
  for (const [, tag = ''] of body.matchAll(/<input\b([^>]*)>/gi)) {
    const name = attribute(tag, 'name')
    const type = (attribute(tag, 'type') ?? 'text').toLowerCase()
    if (name === null || type === 'submit' || /\bdisabled\b/i.test(tag)) continue
    if ((type === 'checkbox' || type === 'radio') && !/\bchecked\b/i.test(tag)) continue
    fields.push([name, attribute(tag, 'value') ?? (type === 'checkbox' ? 'on' : '')])
  }
  for (const [, tag = '', options = ''] of body.matchAll(/<select\b([^>]*)>([\s\S]*?)<\/select>/gi)) {
    const name = attribute(tag, 'name')
    const all = [...options.matchAll(/<option\b([^>]*)>/gi)].map(([, option = '']) => option)
    const chosen = all.find((option) => /\bselected\b/i.test(option)) ?? all[0]
    if (name !== null && chosen !== undefined) fields.push([name, attribute(chosen, 'value') ?? ''])
  }
  for (const [, tag = '', text = ''] of body.matchAll(/<textarea\b([^>]*)>([\s\S]*?)<\/textarea>/gi)) {
    const name = attribute(tag, 'name')
    if (name !== null) fields.push([name, decode(text)])
  }
  return fields
}

function attribute(tag: string, name: string): string | null {
  const found = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(tag)
  return found ? decode(found[1] ?? found[2] ?? found[3] ?? '') : null
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

function decode(text: string): string {
  return text.replaceAll(
    /&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (decimal) return String.fromCodePoint(Number(decimal))
      if (hex) return String.fromCodePoint(Number.parseInt(hex, 16))
      return ENTITIES[name ?? ''] ?? whole
    },
  )
}
