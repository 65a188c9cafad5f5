import { fork } from 'node:child_process'
import { once } from 'node:events'

import { openSocketClients } from './socket-clients.ts'

type Question = { origin: string; token: string; path: string }
type Answered = { bytes: number; firstByteMs: number }

/**
 * A client in a process of its own, so that it costs the server's thread nothing; what is asked and answered goes by messages, a
 * tenth of a millisecond. One question at a time.
 */
export function openClientProcess(): { ask(question: Question): Promise<Answered>; close(): Promise<void> } {
  const child = fork(import.meta.filename)
  return {
    async ask(question) {
      child.send(question)
      const [answer]: (Answered | string)[] = await once(child, 'message')
      if (typeof answer === 'object') return answer
      throw new Error(`${question.path} was not answered: ${answer}`)
    },
    async close() {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

const clients = new Map<string, ReturnType<typeof openSocketClients>>()

async function answer({ origin, token, path }: Question): Promise<Answered | string> {
  const client = clients.get(origin) ?? openSocketClients(origin, token)
  clients.set(origin, client)
  try {
    return { bytes: await client.ask(path), firstByteMs: client.firstByteMs() }
  } catch (error) {
    return String(error)
  }
}

if (process.argv[1] === import.meta.filename) {
  process.on('message', (question: Question) => {
    void answer(question).then((told) => process.send?.(told))
  })
  process.on('disconnect', () => process.exit())
}
