import type { Socket } from 'node:net'
import type { BadCertificate } from '../certificates.ts'
import type { Guard, Presented } from '../server.ts'
import type { Fault, Mode } from './contract.ts'

/** What happens to one new connection. `certificates` were made when the fault was arranged. */
type Meeting = { socket: Socket; fault: Fault; accept: Parameters<Guard>[1]; certificate: Presented | null }

export type ConnectionMode = Mode & {
  meet: (meeting: Meeting) => void
  certificate?: BadCertificate
}

const mode = (name: string, about: string, meet: ConnectionMode['meet']): ConnectionMode => ({
  name,
  group: 'connection',
  on: ['connection'],
  about,
  ownDelay: true,
  meet,
})

const shows = (
  name: string,
  about: string,
  certificate: BadCertificate,
  maxVersion?: Presented['maxVersion'],
): ConnectionMode => ({
  ...mode(name, about, ({ accept, certificate: bad }) =>
    accept(bad === null ? undefined : { ...bad, ...(maxVersion === undefined ? {} : { maxVersion }) }),
  ),
  group: 'TLS',
  certificate,
})

/** Before any request, on the API server of a utility with TLS. One connection uses up one of `times`. */
export const connectionModes: readonly ConnectionMode[] = [
  mode('refuse', 'the port is closed until the fault is taken back or `until` has come', ({ socket }) => {
    socket.resetAndDestroy()
  }),
  mode('reset-on-connect', 'reset as soon as it is there', ({ socket }) => void socket.resetAndDestroy()),
  mode('handshake-stall', 'taken, and not a byte said for as long as the client waits', ({ socket }) => {
    socket
      .on('error', () => socket.destroy())
      .on('end', () => socket.destroy())
      .resume()
  }),
  mode('handshake-cut', 'ended after the first bytes of the client', ({ socket }) => {
    socket.on('error', () => socket.destroy()).once('data', () => socket.destroy())
  }),
  mode('slow-handshake', 'nothing for `delayMs` (1000), then all is well', ({ accept, fault }) => {
    setTimeout(() => accept(), fault.delayMs ?? 1000).unref()
  }),
  mode('not-tls', 'plain HTTP where TLS should be', ({ socket }) => {
    socket.on('error', () => socket.destroy()).end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
  }),
  mode(
    'cut-after-handshake',
    'ended after the handshake, as a refused client certificate is in TLS 1.3',
    ({ accept }) => accept(undefined, true),
  ),
  shows('certificate-expired', 'a server certificate that ended yesterday', 'expired'),
  shows('certificate-not-yet-valid', 'a server certificate that begins tomorrow', 'not-yet-valid'),
  shows('certificate-wrong-host', 'a server certificate for another name', 'wrong-host'),
  shows('certificate-self-signed', 'a server certificate that signed itself', 'self-signed'),
  shows('certificate-unknown-issuer', 'a server certificate of an unknown authority', 'unknown-issuer'),
  shows('certificate-rotated', 'a new and right server certificate of the known authority', 'rotated'),
  shows('tls-1.1-only', 'no TLS newer than 1.1', 'rotated', 'TLSv1.1'),
]
