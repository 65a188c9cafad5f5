import { createServer } from 'node:net'

/** A port on loopback that nothing listens on right now. */
export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

/** Throws with a sentence that says what to do when any of these ports of loopback is taken. */
export async function assertFree(ports: readonly number[]): Promise<void> {
  for (const port of ports.filter((one) => one !== 0)) {
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer()
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) continue
    const another = (port + 1000) % 60_000
    throw new Error(
      `Port ${port} of 127.0.0.1 is taken; is another "npm start" running? End that one, or start on other ports: PORT=${another} npm start`,
    )
  }
}
