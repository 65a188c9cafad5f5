import { createHash } from 'node:crypto'

import { Client } from 'pg'

import type { TestDatabase } from '../../database.ts'

/** A connection whose sessions name their owner, and plan each statement once: planning cost half of the time of a seed. */
export function sessionOf(connection: TestDatabase['connection'], owner: string): TestDatabase['connection'] {
  const options = `-c simulate.owner=${owner} -c plan_cache_mode=force_generic_plan`
  if (typeof connection !== 'string') return Object.assign({ ...connection }, { options, Client: PreparingClient })
  const url = new URL(connection)
  url.searchParams.set('options', options)
  return url.href
}

const names = new Map<string, string>()

function nameOf(text: string): string {
  const name = names.get(text) ?? createHash('sha256').update(text).digest('base64url')
  names.set(text, name)
  return name
}

class PreparingClient extends Client {
  static {
    Object.defineProperty(this.prototype, 'query', {
      value(this: Client, ...given: readonly unknown[]): unknown {
        const [text, values, ...rest] = given
        const isPlain = typeof text === 'string' && Array.isArray(values) && values.length > 0
        return Reflect.apply(
          Client.prototype.query,
          this,
          isPlain ? [{ name: nameOf(text), text, values }, ...rest] : given,
        )
      },
    })
  }
}
