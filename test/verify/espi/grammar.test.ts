import { expect, it } from 'vitest'

import { sized } from '../size.ts'
import { ourEvents, saxesEvents } from './oracle.ts'
import { createRandom } from './random.ts'
import { writeXml } from './write-xml.ts'

const DOCUMENTS = sized(40_000, 1000)

it(`${DOCUMENTS} documents written by the grammar of XML give the events of saxes, however they are cut`, () => {
  let events = 0
  for (let seed = 0; seed < DOCUMENTS; seed++) {
    const random = createRandom(seed)
    const document = writeXml(random)
    const expected = saxesEvents(document)
    if (expected === null) throw new Error(`the grammar wrote what saxes refuses, seed ${seed}: ${document}`)
    const most = 1 + random.int(random.once(3) ? 4 : 300)
    const bytes = seed % 8 === 0 ? Buffer.from(`\uFEFF${document}`, 'utf16le') : Buffer.from(document)
    const ours = ourEvents(new Uint8Array(bytes), () => 1 + random.int(most))
    expect({ seed, events: ours }).toEqual({ seed, events: expected })
    events += expected.length
  }
  console.log(`${DOCUMENTS} documents, ${events} events, each the same as saxes reports`)
})
