import { readFileSync } from 'node:fs'
import path from 'node:path'

import { expect, it } from 'vitest'

import { createRoom } from '../units/folded-column.ts'
import type { Entry } from './entry.ts'
import { unfoldReadings } from './fold-readings.ts'
import { parseBytes, parseFolded } from './parse.ts'

const room = createRoom()

function unfold(entry: Entry): Entry {
  if (entry.content?.kind !== 'IntervalBlock') return entry
  return { ...entry, content: { kind: 'IntervalBlock', value: unfoldReadings(entry.content.value, room) } }
}

const fixture = (name: string): Uint8Array =>
  readFileSync(path.join(import.meta.dirname, '../utilities', name.replace('/', '/fixtures/')))

it.each(['pge/gas-days.xml', 'pge/autumn-hour.xml', 'sce/two-reading-types.xml'])(
  'readings of %s that were put aside come back as they are without',
  (name) => {
    const { heads, entries } = parseFolded(fixture(name))
    expect({ heads, entries: entries.map(unfold) }).toEqual(parseBytes(fixture(name)))
    expect(entries).not.toEqual(parseBytes(fixture(name)).entries)
  },
)

it('decimals, missing numbers and a bad entry come back, too', () => {
  const reading = (fields: string): string => `<IntervalReading>${fields}</IntervalReading>`
  const block = (...readings: string[]): string =>
    `<entry><content><IntervalBlock xmlns="http://naesb.org/espi">${readings.join('')}</IntervalBlock></content></entry>`
  const text = `<feed xmlns="http://www.w3.org/2005/Atom">${[
    block(reading('<value>0.25</value>'), reading('<cost>7</cost>'), reading('<value>99999999999999999999</value>')),
    block(reading('<value>1</value>'), reading('<value>x</value>')),
    block(reading('<timePeriod><start>1700000000</start></timePeriod><value>-5</value>'), reading('<tou>6</tou>')),
  ].join('')}</feed>`
  const bytes = new TextEncoder().encode(text)
  expect(parseFolded(bytes).entries.map(unfold)).toEqual(parseBytes(bytes).entries)
})
