import { expect } from 'vitest'

import type { Company } from './company.ts'
import { type Exchange, nextFaults, wireFaults } from './exchange.ts'
import { bodyFaults } from './rules.ts'
import { recordOf, recordsOf } from './walk.ts'

type Found = Record<string, unknown>

/** A client of one company that expects of every answer what all known clients expect. */
export type Reader = {
  /** The body of a success that no client stumbles over. */
  good(path: string, asking?: Parameters<Company['ask']>[1]): Promise<Found>
  /** The objects of a list's first page. */
  listed(path: string): Promise<Found[]>
  /** The uids of a list, read in pages of one object by following `next`. */
  walk(path: string): Promise<string[]>
}

/** What is wrong with a success and everything in it, each with where it came from. */
export function answerFaults(exchange: Exchange): string[] {
  const { address, body } = exchange
  return [...wireFaults(exchange), ...bodyFaults(address, body)].map((fault) => `${address} ${fault}`)
}

export const uidOf = (object: Found | undefined): string => String(object?.['uid'])
export const uidsIn = (objects: readonly Found[]): string[] => objects.map(uidOf)

const pluralOf = (path: string): string => /^\/(?:accounting\/)?([a-z-]+)/.exec(path)?.[1]?.replace('-', '_') ?? ''

export function readerOf({ ask, running }: Company): Reader {
  const good: Reader['good'] = async (path, asking = {}) => {
    const exchange = await ask(path, asking)
    expect(answerFaults(exchange)).toEqual([])
    return recordOf(exchange.body)
  }
  return {
    good,
    listed: async (path) => recordsOf((await good(path))[pluralOf(path)]),
    async walk(path) {
      const uids: string[] = []
      let asked = `${running.shown.apiUrl}${path}${path.includes('?') ? '&' : '?'}limit=1`
      for (;;) {
        const body = await good(asked)
        uids.push(...uidsIn(recordsOf(body[pluralOf(path)])))
        const { next } = body
        if (typeof next !== 'string') return uids
        expect(nextFaults(running.url, asked, next)).toEqual([])
        asked = next
      }
    },
  }
}
