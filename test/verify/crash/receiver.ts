import { createServer } from 'node:http'

import { z } from 'zod'

import { freePort } from '../../../src/cli/free-port.ts'

/** A company's endpoint: notes under which id it was told of which event, and takes everything. */
export type Receiver = {
  url: string
  /** Ids of deliveries by event. */
  told: ReadonlyMap<string, ReadonlySet<string>>
  close(): Promise<void>
}

const delivery = z.object({ events: z.array(z.object({ uid: z.string() })) })

export async function openReceiver(): Promise<Receiver> {
  const told = new Map<string, Set<string>>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      for (const { uid } of delivery.parse(JSON.parse(Buffer.concat(chunks).toString('utf8'))).events) {
        const ids = told.get(uid) ?? new Set()
        told.set(uid, ids.add(String(request.headers['webhook-id'])))
      }
      response.end()
    })
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${port}/`,
    told,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
