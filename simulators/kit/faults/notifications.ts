import type { Fault, Mode } from './contract.ts'

/** One notification on its way: what is posted, how often, when. */
export type Posting = {
  resources: readonly string[]
  body: string
  type: string
  copies: number
  delayMs: number
  /** Kept until the next notification has gone out. */
  held: boolean
  pingFirst: boolean
  /** Milliseconds between pieces of 100 bytes; 0: at once. */
  dripMs: number
}

type Render = (resources: readonly string[]) => string

export type NotificationMode = Mode & { post: (posting: Posting, fault: Fault, render: Render) => Partial<Posting> }

const mode = (name: string, about: string, post: NotificationMode['post']): NotificationMode => ({
  name,
  group: 'notification',
  on: ['notification'],
  about,
  ownDelay: true,
  post,
})

/** Names other resources than the right ones. */
const naming = (name: string, about: string, change: (right: readonly string[], fault: Fault) => string[]) =>
  mode(name, about, ({ resources }, fault, render) => {
    const named = change(resources, fault)
    return { resources: named, body: render(named) }
  })

const unknown = (address: string): string =>
  address.includes('correlationID=')
    ? address.replace(/correlationID=.*/, 'correlationID=00000000-0000-4000-8000-000000000000')
    : address.replace(/[^/]+$/, '9999999')

export const notificationModes: readonly NotificationMode[] = [
  mode('lost', 'never posted', () => ({ copies: 0 })),
  mode('doubled', 'posted twice', () => ({ copies: 2 })),
  mode('five-times', 'posted five times', () => ({ copies: 5 })),
  mode('late', 'posted after `delayMs` (1500)', (_, fault) => ({ delayMs: fault.delayMs ?? 1500 })),
  mode('held', 'posted only after the next one: out of order', () => ({ held: true })),
  naming('forged-host', 'the right addresses at another host', (right) =>
    right.map((r) => r.replace(/^\w+:\/\/[^/]+/, 'https://forged.example')),
  ),
  naming('unknown-id', 'addresses with ids that do not exist', (right) => right.map(unknown)),
  naming('names', 'the addresses in `body`, one a line, for example of another customer', (_, fault) =>
    (fault.body ?? '').split('\n'),
  ),
  naming('empty-list', 'no address at all', () => []),
  naming('many-addresses', 'the right addresses again and again, 10,000 (`bytes`) in all', (right, fault) =>
    Array.from({ length: fault.bytes ?? 10_000 }, (_, n) => right[n % right.length] ?? ''),
  ),
  naming('whitespace', 'blanks and line breaks around the addresses', (right) =>
    right.map((r) => `\n      ${r}\n    `),
  ),
  mode('truncated', 'a body that ends half way (`truncate`)', ({ body }, fault) => ({
    body: body.slice(0, fault.truncate ?? Math.floor(body.length / 2)),
  })),
  mode('empty-body', 'no body', () => ({ body: '' })),
  mode('not-xml', 'a body that is no XML', () => ({ body: '{"event":"data-ready"}' })),
  mode('doctype', 'a DOCTYPE with nested entities', ({ body }) => ({
    body: body.replace(/^(<\?xml[^>]*>)?/, '$1<!DOCTYPE x [<!ENTITY a "boom"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'),
  })),
  mode('huge-body', 'a body of 100 MB (`bytes`)', ({ body }, fault) => ({
    body: body.replace(/<\/[\w:]*BatchList>/, (end) => `${' '.repeat(fault.bytes ?? 100_000_000)}${end}`),
  })),
  mode('atom-wrapped', 'an Atom feed around the BatchList, as one platform posts it', ({ body }) => ({
    body: `<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:uuid:00000000-0000-4000-8000-000000000001</id><entry><content>${body.replace(/^<\?xml[^>]*>\s*/, '')}</content></entry></feed>`,
  })),
  mode('get-ping', 'a GET first, then the post', () => ({ pingFirst: true })),
  mode('wrong-type', 'posted as text/plain', () => ({ type: 'text/plain' })),
  mode('slow-body', '100 bytes every `delayMs` (50)', (_, fault) => ({ dripMs: fault.delayMs ?? 50 })),
]
