import { codeOf } from './db.ts'

/** Of the socket: nobody listens there, or who did has gone. */
const SOCKET = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'])
/** SQLSTATEs of a server that ends, was ended or begins, and of connections. Source: PostgreSQL, appendix A. */
const SERVER = /^(57P0[123]|08(000|001|003|006))$/
/** The driver has no code for a connection that breaks off. */
const BROKEN = /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout expired)/

/**
 * Whether an error says that the database is not there for the moment: it restarts, or changes its machine. What was under way may
 * have been kept or not; asked again in some seconds it is answered.
 */
export function isDatabaseAway(error: unknown): boolean {
  const code = codeOf(error)
  if (SOCKET.has(code) || SERVER.test(code)) return true
  if (!(error instanceof Error)) return false
  // The socket of a server on this machine is a file.
  return BROKEN.test(error.message) || (code === 'ENOENT' && 'syscall' in error && error.syscall === 'connect')
}

/** Seconds after which it is worth asking again: a restart takes some. */
export const AWAY_SECONDS = 10
