import http from 'node:http'
import { gzipSync } from 'node:zlib'

import { type FeedSize, generateFeed } from './generated-feeds.ts'

/**
 * A process of its own, so that neither its work nor its memory is counted: answers every request with the last body that it
 * was sent, compressed already, or whose size it was told. Tells its parent the port at first, then that each body is there.
 */
let zipped: Uint8Array = new Uint8Array()
const server = http.createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/atom+xml', 'content-encoding': 'gzip' })
  response.end(zipped)
})
process.on('message', (told: Uint8Array | FeedSize) => {
  zipped =
    told instanceof Uint8Array
      ? told
      : gzipSync(Buffer.concat(Array.from(generateFeed('pge', told), (piece) => Buffer.from(piece))))
  process.send?.('served')
})
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0)
})
