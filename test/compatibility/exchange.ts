import { isRecord } from './walk.ts'

/** One request and what came back over the wire. body: parsed JSON; null where the answer is another file. */
export type Exchange = { address: string; status: number; mediaType: string; text: string; body: unknown }

export type Asking = { method?: string; body?: string; headers?: Record<string, string>; patienceMs?: number }

/** What a Ruby client in the field waits for an answer before it gives up. */
export const PATIENCE_MS = 5000

/** Asks as clients do: gives up after five seconds, follows no redirect. */
export async function ask(address: string, asking: Asking = {}): Promise<Exchange> {
  const { method = 'GET', body, headers = {}, patienceMs = PATIENCE_MS } = asking
  const response = await fetch(address, {
    ...{ method, headers, redirect: 'manual', signal: AbortSignal.timeout(patienceMs) },
    ...(body === undefined ? {} : { body }),
  })
  const text = await response.text()
  const mediaType = response.headers.get('content-type') ?? ''
  const isJson = /\bjson\b/.test(mediaType)
  return { address, status: response.status, mediaType, text, body: isJson ? JSON.parse(text) : null }
}

/** What is wrong with an answer as such, whatever it holds: a client takes nothing but 200 and JSON for a success. */
export function wireFaults({ status, mediaType, body }: Exchange): string[] {
  return [
    ...(status === 200 ? [] : [`only 200 is a success: ${status}`]),
    ...(/^application\/json(?:; *charset=utf-8)?$/i.test(mediaType) ? [] : [`JSON says that it is: ${mediaType}`]),
    ...(isRecord(body) ? [] : ['an answer is one JSON object']),
  ]
}

/**
 * What is wrong with the address of the next page: clients follow it as it is, so it is absolute, on our public address,
 * and asks what the page before asked, without a token.
 */
export function nextFaults(publicUrl: string, asked: string, next: string): string[] {
  if (!next.startsWith(`${publicUrl}/api/v2/`)) return [`next is absolute, on our public address: ${next}`]
  const [before, after] = [new URL(asked), new URL(next)]
  const names = [...new Set([...before.searchParams.keys()])].filter(
    (name) => !['after', 'access_token'].includes(name),
  )
  const said = (url: URL, name: string): string => url.searchParams.getAll(name).join(',')
  return [
    ...(before.pathname === after.pathname ? [] : [`next is a page of the same list: ${after.pathname}`]),
    ...names.filter((name) => said(before, name) !== said(after, name)).map((name) => `next forgets ${name}`),
    ...(after.searchParams.getAll('after').length === 1 ? [] : ['next does not say after what']),
    ...(after.searchParams.has('access_token') ? ['next holds a token'] : []),
  ]
}
