import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'

import { afterAll, beforeAll } from 'vitest'

import { authenticate, issueApiToken } from '../../../src/accounts/api-tokens.ts'
import { type Role, type Scope, SCOPES } from '../../../src/model/roles.ts'
import type { Uid } from '../../../src/model/uid.ts'
import { insertMember } from '../../../src/storage/members.ts'
import { type Answer, apiFixture, type Fixture, NOW } from '../../api-fixture.ts'
import { makeObjects, type Objects } from '../../api-samples.ts'

/** Both versions of the API with real tokens and a clock that can be moved, also over a real socket. */
export type Bench = {
  api: Fixture
  clock: { ms: number }
  logs: string[]
  /** A token of our company (or theirs), of a new member with a role, or of a given one. */
  token(options?: {
    scopes?: readonly Scope[]
    role?: Role
    memberUid?: Uid
    days?: number
    of?: 'theirs'
  }): Promise<string>
  member(role: Role, of?: 'theirs'): Promise<Uid>
  /** Bytes as they are, with a Host header; the rest of the head and the body are the caller's. */
  raw(line: string, headers: string[], body?: Buffer): Promise<Answer>
  count(): number
  close(): Promise<void>
}

/** Opens the bench of a file before its tests, closes it behind them, and says how many requests they made. */
export function useBench(name: string, prepare: (bench: Bench) => Promise<void>): void {
  let bench: Bench
  beforeAll(async () => {
    bench = await openBench()
    await prepare(bench)
  })
  afterAll(async () => {
    console.log(`accounts, ${name}: ${bench.count()} requests`)
    await bench.close()
  })
}

async function openBench(): Promise<Bench> {
  const clock = { ms: NOW.getTime() }
  const logs: string[] = []
  let requests = 0
  const now = (): Date => new Date(clock.ms)
  const api: Fixture = await apiFixture(
    { now, authenticate: (token) => authenticate(api.database.db, token, now()) },
    logs,
  )
  const server = await api.app.listen({ host: '127.0.0.1', port: 0 })
  const port = Number(new URL(server).port)
  const bench: Bench = {
    api,
    clock,
    logs,
    async member(role, of) {
      const email = `${randomBytes(6).toString('hex')}@company.example`
      const { companyUid } = of ? api.theirs : api.ours
      const row = await api.database.db.operator((tx) =>
        insertMember(tx, { companyUid, email, name: role, role, created: NOW }),
      )
      if (!row) throw new Error('the address is taken')
      return row.memberUid
    },
    async token({ scopes = SCOPES, role = 'owner', memberUid, days = 30, of } = {}) {
      const uid = memberUid ?? (await bench.member(role, of))
      const { companyUid } = of ? api.theirs : api.ours
      const expires = new Date(clock.ms + days * 86_400_000)
      const given = { companyUid, memberUid: uid, name: 'bench', scopes, expires }
      const { token } = await api.database.db.operator((tx) => issueApiToken(tx, { now, random: randomBytes }, given))
      return token
    },
    async raw(line, headers, body = Buffer.alloc(0)) {
      requests++
      const head = [`${line} HTTP/1.1`, 'Host: proxy.example', 'Connection: close', ...headers]
      const isChunked = headers.some((header) => header.startsWith('Transfer-Encoding'))
      const length = body.length > 0 && !isChunked ? [`Content-Length: ${body.length}`] : []
      const bytes = Buffer.concat([Buffer.from(`${[...head, ...length].join('\r\n')}\r\n\r\n`, 'latin1'), body])
      return await exchange(port, bytes)
    },
    count: () => requests,
    close: async () => await api.close(),
  }
  const { send, get } = api
  api.send = async (...given) => {
    requests++
    return await send(...given)
  }
  api.get = async (...given) => {
    requests++
    return await get(...given)
  }
  return bench
}

/** Somebody of our company who may do everything there, with one object of each kind. */
export type Caller = {
  token: string
  objects: Objects
  send(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', address: string, body?: unknown): Promise<Answer>
  /** A body as bytes, sent as it is. */
  post(address: string, body: Buffer | string, headers?: string[], method?: string): Promise<Answer>
}

export async function openCaller(bench: Bench): Promise<Caller> {
  const token = await bench.token()
  return {
    token,
    objects: await makeObjects(bench.api, bench.api.ours, token),
    send: async (method, address, body) => await bench.api.send(method, address, body, token),
    post: async (address, body, headers = [], method = 'POST') =>
      await bench.raw(`${method} ${address}`, [`Authorization: Bearer ${token}`, ...headers], Buffer.from(body)),
  }
}

/** Sends bytes and reads the answer until the connection ends. */
async function exchange(port: number, bytes: Buffer): Promise<Answer> {
  const chunks: Buffer[] = []
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined) // a server that refuses early resets while we still write; what it said counts
  socket.write(bytes)
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk))
  await new Promise((resolve) => void socket.once('close', resolve))
  const [head = '', ...rest] = Buffer.concat(chunks).toString().split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(
    lines.map((each) => [each.slice(0, each.indexOf(':')).toLowerCase(), each.slice(each.indexOf(':') + 1).trim()]),
  )
  const told = rest.join('\r\n\r\n')
  const text =
    headers['transfer-encoding'] === 'chunked'
      ? told
          .split('\r\n')
          .filter((_, at) => at % 2 === 1)
          .join('')
      : told
  const isJson = String(headers['content-type']).includes('json')
  const body: Record<string, unknown> = isJson ? JSON.parse(text) : {}
  return { status: Number(first.split(' ')[1]), headers, text, body }
}

/** The fields that a refusal of v3 names. */
export function fieldsOf({ body }: Answer): string[] {
  const { errors } = body
  return Array.isArray(errors) ? errors.map((each: { field: string }) => each.field) : []
}
