import { once } from 'node:events'
import { createServer } from 'node:http'

import type { Delivery } from './webhook-rules.ts'

/** A company's webhook receiver on loopback, which takes everything. */
export type Receiver = { url: string; received: Delivery[]; close(): void }

export async function openReceiver(): Promise<Receiver> {
  const received: Delivery[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => void parts.push(part))
    request.on('end', () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
      received.push({ headers, body: Buffer.concat(parts).toString() })
      response.writeHead(200).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
