import { type Connection, type FieldDef, type Submittable, types } from 'pg'

import { bindMessage, DESCRIBE, EXECUTE, parseMessage, SYNC, type Value } from './wire.ts'

/** Under which role a transaction reads; setting: the statement that names the company, for gbp_company. */
export type ReadRole = { role: 'gbp_operator' | 'gbp_company'; setting: string | null }

/** One statement to read with. name: each connection prepares it once, under this name; null: it is used once. */
export type TripStatement = { name: string | null; text: string; values: readonly Value[] }

type Done<Row> = (error: Error | null, rows: Row[]) => void
/** The columns of a statement's rows, in order. */
type RowShape = readonly { name: string; read: ReturnType<typeof types.getTypeParser> }[]
/** Name and value; of no type that could be held against Row, since what a statement answers is said where it stands. */
type Cell = ReturnType<RowShape[number]['read']>[]
/** What the driver calls with each answer (pg/lib/client.js). */
type Trip = Submittable & {
  handleRowDescription(message: { fields: readonly FieldDef[] }): void
  handleDataRow(message: { fields: readonly (string | null)[] }): void
  handleCommandComplete(): void
  handleError(error: Error): void
  handleReadyForQuery(): void
}

const BEGIN = 'begin read only'
const COMMIT = 'commit'

/** What each connection has prepared. */
const prepared = new WeakMap<Connection, Set<string>>()
/** Rows of one statement are of one shape on every connection. */
const shapes = new Map<string, RowShape>()

/**
 * A transaction that reads with one statement, in one write and one answer: begin, role, statement, commit. After an error the
 * connection is still in its transaction and has to be closed. done is called once.
 */
export function readTrip<Row>(as: ReadRole, statement: TripStatement, done: Done<Row>): Trip {
  const rows: Row[] = []
  let shape = statement.name === null ? null : (shapes.get(statement.name) ?? null)
  return {
    submit(connection) {
      connection.stream.write(Buffer.concat(messagesOf(connection, as, { statement, isKnown: shape !== null })))
    },
    handleRowDescription({ fields }) {
      shape = fields.map(({ name, dataTypeID }) => ({ name, read: types.getTypeParser(dataTypeID, 'text') }))
      if (statement.name !== null) shapes.set(statement.name, shape)
    },
    handleDataRow({ fields }) {
      if (shape === null) throw new Error('a row came before its description')
      const row: Row = Object.fromEntries(shape.map(({ name, read }, at): Cell => [name, valueOf(fields[at], read)]))
      rows.push(row)
    },
    handleCommandComplete: () => undefined,
    handleError: (error) => done(error, []),
    handleReadyForQuery: () => done(null, rows),
  }
}

function valueOf(text: string | null | undefined, read: RowShape[number]['read']): Cell[number] {
  return text === null || text === undefined ? null : read(text)
}

function messagesOf(
  connection: Connection,
  { role, setting }: ReadRole,
  { statement: { name, text, values }, isKnown }: { statement: TripStatement; isKnown: boolean },
): Buffer[] {
  const known = prepared.get(connection) ?? new Set()
  prepared.set(connection, known)
  const messages: Buffer[] = []
  const prepare = (name: string, text: string): void => {
    if (name !== '' && known.has(name)) return
    messages.push(parseMessage(name, text))
    known.add(name)
  }
  const run = (text: string): void => {
    prepare(text, text)
    messages.push(runMessage(text))
  }
  run(BEGIN)
  run(`set local role ${role}`)
  if (setting !== null) messages.push(parseMessage('', setting), bindMessage('', []), EXECUTE)
  prepare(name ?? '', text)
  messages.push(bindMessage(name ?? '', values))
  if (!isKnown) messages.push(DESCRIBE)
  messages.push(EXECUTE)
  run(COMMIT)
  messages.push(SYNC)
  return messages
}

const runs = new Map<string, Buffer>()

/** The same bytes each time. */
function runMessage(name: string): Buffer {
  const message = runs.get(name) ?? Buffer.concat([bindMessage(name, []), EXECUTE])
  runs.set(name, message)
  return message
}
