import { type Connection, type FieldDef, type Submittable, types } from 'pg'

import { bindMessage, DESCRIBE, EXECUTE, parseMessage, SYNC, type Value } from './wire.ts'

/** Under which role a transaction reads; setting: the statement that names the company, for gbp_company. */
export type ReadRole = { role: 'gbp_operator' | 'gbp_company'; setting: string | null }

/**
 * One statement to read with. name: each connection prepares it once, under this name; null: it is used once. isLong: it brings so
 * much that others should not wait for it.
 */
export type TripStatement = { name: string | null; text: string; values: readonly Value[]; isLong: boolean }

/** One statement under its role, and the rows that it brings. */
export type Read<Row> = { as: ReadRole; statement: TripStatement; rows: Row[] }

/** The columns of a statement's rows, in order. */
type RowShape = readonly { name: string; read: ReturnType<typeof types.getTypeParser> }[]
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

/** A connection prepares the settings of so many companies and no more, since each takes some memory there. */
const MOST_PREPARED = 1000
/** What each connection has prepared. */
const prepared = new WeakMap<Connection, Set<string>>()
/** Rows of one statement are of one shape on every connection. */
const shapes = new Map<string, RowShape>()

/**
 * Reads in one write and one answer: for each role that follows another, begin, role, its statements, commit. The first error
 * ends all; then rows are not to be used, and the connection, still in its transaction, has to be closed. done is called once.
 */
export function readTrip(reads: readonly Read<unknown>[], done: (error: Error | null) => void): Trip {
  /** To which read each answer belongs, in order; null: to none. */
  const answers: (Read<unknown> | null)[] = []
  let at = 0
  let shape: RowShape | null = null
  const nextShape = (): RowShape | null => shapes.get(answers[at]?.statement.name ?? '') ?? null
  return {
    submit(connection) {
      connection.stream.write(Buffer.concat(messagesOf(connection, reads, answers)))
      shape = nextShape()
    },
    handleRowDescription({ fields }) {
      shape = fields.map(({ name, dataTypeID }) => ({ name, read: types.getTypeParser(dataTypeID, 'text') }))
      const name = answers[at]?.statement.name ?? null
      if (name !== null) shapes.set(name, shape)
    },
    handleDataRow({ fields }) {
      if (shape === null) throw new Error('a row came before its description')
      answers[at]?.rows.push(rowOf(shape, fields))
    },
    handleCommandComplete() {
      at++
      shape = nextShape()
    },
    handleError: (error) => done(error),
    handleReadyForQuery: () => done(null),
  }
}

/** Of no type that could be held against Row, since what a statement answers is said where it stands. */
function rowOf(shape: RowShape, fields: readonly (string | null)[]): unknown {
  const row: Record<string, unknown> = {}
  for (let place = 0; place < shape.length; place++) {
    const [column, text = null] = [shape[place], fields[place]]
    if (column) row[column.name] = text === null ? null : column.read(text)
  }
  return row
}

function messagesOf(
  connection: Connection,
  reads: readonly Read<unknown>[],
  answers: (Read<unknown> | null)[],
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
    answers.push(null)
  }
  let last: ReadRole | null = null
  for (const read of reads) {
    const { as, statement } = read
    if (as.role !== last?.role || as.setting !== last.setting) {
      if (last !== null) run(COMMIT)
      run(BEGIN)
      run(`set local role ${as.role}`)
      if (as.setting !== null) {
        const name = known.has(as.setting) || known.size < MOST_PREPARED ? as.setting : ''
        prepare(name, as.setting)
        messages.push(bindMessage(name, []), EXECUTE)
        answers.push(null)
      }
      last = as
    }
    const name = statement.name ?? ''
    prepare(name, statement.text)
    messages.push(bindMessage(name, statement.values))
    if (!shapes.has(name)) messages.push(DESCRIBE)
    messages.push(EXECUTE)
    answers.push(read)
  }
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
