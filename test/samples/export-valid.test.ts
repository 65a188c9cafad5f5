import { afterAll, beforeAll, expect, it } from 'vitest'

import { apiFixture, type Fixture } from '../api-fixture.ts'
import { addGreenButtonMeter } from '../green-button-meter.ts'
import { ALL, faults, type SchemaSet, schemasPresent } from './write-schemas.ts'

let api: Fixture
let meter: string
beforeAll(async () => {
  api = await apiFixture()
  meter = await addGreenButtonMeter(api, api.ours.authorizationUid)
})
afterAll(async () => await api.close())

const EDITIONS: [edition: string, sets: readonly SchemaSet[]][] = [
  ['recent', ['4.0', '3.3']],
  ['common', ALL],
]

if (schemasPresent) {
  it.each(EDITIONS)('the Green Button file of a meter in the edition %s is valid', async (edition, sets) => {
    const { text } = await api.get(`/files/intervals_xml?meters=${meter}&edition=${edition}`)
    expect(text).toContain('<IntervalReading>')
    for (const set of sets) expect([set, faults(set, Buffer.from(text))]).toEqual([set, []])
  })
} else {
  it('the schemas are not here, so that this extra set DID NOT RUN', () => {
    console.warn('*** test/samples: no XSD found; the validation of Green Button files DID NOT RUN ***')
    expect(schemasPresent).toBe(false)
  })
}
