import http from 'node:http'
import { createServer, type Socket } from 'node:net'
import { parentPort } from 'node:worker_threads'

/** What the receiver tells of a delivery: the path it came to, its `webhook-id`, and epoch milliseconds. */
export type Received = { path: string; id: string; at: number }

function tell(message: Received | { alive: number; dead: number }): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
  parentPort?.postMessage(message)
}

/** A thread of its own, so that receiving is no part of what is measured: endpoints that answer, and one that never does. */
const silent = new Set<Socket>()
const dead = createServer((socket) => {
  silent.add(socket)
  socket.on('error', () => undefined)
  socket.on('close', () => silent.delete(socket))
})
const alive = http.createServer((request, response) => {
  const at = Date.now()
  request.resume()
  request.on('end', () => {
    response.writeHead(200).end()
    const told: Received = { path: request.url ?? '', id: String(request.headers['webhook-id']), at }
    tell(told)
  })
})

const portOf = (server: { address(): unknown }): number => {
  const address = server.address()
  return typeof address === 'object' && address !== null && 'port' in address ? Number(address.port) : 0
}

dead.listen(0, '127.0.0.1', () =>
  alive.listen(0, '127.0.0.1', () => tell({ alive: portOf(alive), dead: portOf(dead) })),
)
