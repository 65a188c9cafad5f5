import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSimulators, type Simulators } from './index.ts'
import {
  all,
  type Api,
  apiOf,
  authorizations,
  listenForNotifications,
  type Listener,
  type Node,
  parse,
  resourcesOf,
  share,
  text,
} from './test-client.ts'

/**
 * Values of our answers against payloads of the real utilities: the form of every text, the grammar of every id in a link,
 * and that each code is one that the real ones use. samples.test.ts compares the structure.
 */
const samples = fileURLToPath(new URL('../../shared/samples/', import.meta.url))
const present = existsSync(samples)

const real = (path: string): Node => parse(readFileSync(`${samples}${path}`, 'utf8').replaceAll('\\n', '\n'))

/** Elements whose numbers are codes of the standard: few, and compared one by one. */
const codes = new Set(
  'kind uom commodity flowDirection accumulationBehaviour dataQualifier defaultQuality intervalLength measuringPeriod phase powerOfTenMultiplier timeAttribute quality itemKind currency qualityOfReading dstOffset tzOffset dstEndRule dstStartRule'.split(
    ' ',
  ),
)

const formOf = (text: string): string => {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return 'uuid'
  if (/^(urn:uuid:)?[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/.test(text)) return 'UUID'
  if (/^\d{4}-\d\d-\d\dT[\d:]+(\.\d{1,3})?Z$/.test(text)) return 'instant'
  if (/^\d{4}-\d\d-\d\dT[\d:]+$/.test(text)) return 'time without zone'
  if (/^1[0-9]{9}$/.test(text)) return 'epoch'
  if (/^1[0-9]{12}$/.test(text)) return 'epoch in ms'
  return /^-?\d+$/.test(text) ? 'number' : 'text'
}

/** The words of a link's path, and the form of what stands between them. */
const shapeOf = (href: string): string =>
  href
    .replace(/^\w+:\/\/[^/]+/, '')
    .split('/')
    .map((part) => {
      if (
        /^[A-Z][a-z]+[A-Za-z]*$|^(GreenButtonConnect|DataCustodian|espi|resource|1_1)$/.test(part) &&
        !part.endsWith('=')
      )
        return part
      if (/^[\d,]+$/.test(part)) return part.length > 7 ? 'digits' : 'few digits'
      return /^[A-Za-z0-9+]{12,}=*$/.test(part) ? base64FormOf(part) : part === '' ? '' : 'code'
    })
    .join('/')

/** What an id in base64 says, its numbers left out. */
const base64FormOf = (id: string): string => {
  const said = Buffer.from(id, 'base64').toString('latin1')
  return /^[\x20-\x7e]+$/.test(said) ? `base64(${said.replaceAll(/\d+/g, '#')})` : 'code'
}

type Facts = { forms: Map<string, Set<string>>; codes: Map<string, Set<string>>; links: Set<string> }

const factsOf = (roots: readonly Node[]): Facts => {
  const facts: Facts = { forms: new Map(), codes: new Map(), links: new Set() }
  const add = (to: Map<string, Set<string>>, key: string, value: string): void => {
    to.set(key, (to.get(key) ?? new Set()).add(value))
  }
  const walk = (node: Node, parent: string): void => {
    if (node.name === 'link') facts.links.add(`${node.attributes['rel']} ${shapeOf(node.attributes['href'] ?? '')}`)
    const said = node.text.trim()
    const place = `${parent}/${node.name}`
    if (node.children.length === 0 && said !== '')
      if (codes.has(node.name)) add(facts.codes, place, said)
      else add(facts.forms, place, formOf(said))
    for (const child of node.children) walk(child, node.name)
  }
  for (const root of roots) walk(root, '')
  return facts
}

/** What ours say and theirs never do, at places where theirs say something. */
const unheardOf = (ours: Facts, theirs: Facts): string[] =>
  (['forms', 'codes'] as const).flatMap((what) =>
    [...ours[what]].flatMap(([place, values]) => {
      const known = theirs[what].get(place)
      return known ? [...values].filter((value) => !known.has(value)).map((value) => `${place}: ${value}`) : []
    }),
  )

const newLinks = (ours: Facts, theirs: Facts): string[] => [...ours.links].filter((link) => !theirs.links.has(link))

/** Least and most of what the intervals say. */
const rangeOf = (feed: Node | undefined): [number, number] => {
  const values = feed ? all(feed, 'IntervalReading').map((reading) => Number(text(reading, 'value'))) : []
  return [Math.min(...values), Math.max(...values)]
}

if (!present)
  test('NOT RUN: no payloads of the real utilities are here to compare values with', () => expect(present).toBe(false))
else
  describe('values against payloads of the real utilities', () => {
    compareAll()
  })

function compareAll(): void {
  let simulators: Simulators
  let listener: Listener
  let pge: Api
  let sce: Api

  beforeAll(async () => {
    listener = await listenForNotifications()
    simulators = await startSimulators({
      seed: 5,
      clock: '2026-07-15T19:00:00Z',
      historyMonths: 2,
      thirdParties: { pge: listener, sce: listener },
    })
    pge = apiOf(simulators.pge)
    sce = apiOf(simulators.sce)
  })

  afterAll(async () => {
    await Promise.all([pge.close(), sce.close()])
    await simulators.close()
    await listener.close()
  })

  test('PG&E: batches of electricity and gas', async () => {
    const back = await share(simulators.pge, 'solar', { redirectUri: listener.redirectUri })
    const { json } = await pge.token({
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: listener.redirectUri,
    })
    const points = (await authorizations(simulators.pge)).at(-1)?.agreements ?? []
    const token = String(json['access_token'])
    const ours = await Promise.all(
      points.map(async (point) =>
        parse(
          (await pge.get(`${String(json['resourceURI'])}/UsagePoint/${point}?published-min=1783300000`, token)).body,
        ),
      ),
    )
    const theirs = [
      ...[
        'pge-mcolyer/bulk-electric-15min-2019-12-07',
        'pge-jphutchins/bulk-gas-2020-05',
        'pge-jphutchins/daily/2019-10-17',
      ],
    ].map((file) => real(`${file}.xml`))
    const [mine, known] = [factsOf(ours), factsOf(theirs)]
    expect(unheardOf(mine, known)).toEqual(['ReadingQuality/quality: 8']) // an estimate: release note 4.0, in no payload
    const one = 'self /GreenButtonConnect/espi/1_1/resource/Batch/Subscription/few digits/UsagePoint/digits'
    expect(newLinks(mine, known)).toEqual([one]) // the feed's own, which is the path that was asked for
    // Electricity only: the gas of the real payload is zero throughout.
    const [low, high] = rangeOf(theirs[0])
    const [least, most] = rangeOf(ours[0])
    expect([least >= 0, low >= 0, most < high * 50, most * 50 > high]).toEqual([true, true, true, true])
  })

  test('SCE: usage files', async () => {
    const before = listener.bodies.length
    await share(simulators.sce, 'shop', { redirectUri: listener.redirectUri })
    await listener.next(before + 1)
    const client = String((await sce.token({ grant_type: 'client_credentials' })).json['access_token'])
    const files = resourcesOf(listener.bodies[before] ?? '').filter((file) => !file.includes('_RCUST_'))
    const ours = await Promise.all(files.map(async (file) => parse((await sce.get(file, client)).body)))
    const theirs = ['BulkSCEUsageSummaryAndIntervalBlock', 'BulkSCEIntervalBlock'].map((file) =>
      real(`sce-verdigris/${file}.xml`),
    )
    const [mine, known] = [factsOf(ours), factsOf(theirs)]
    expect({ unheardOf: unheardOf(mine, known), links: newLinks(mine, known) }).toEqual({ unheardOf: [], links: [] })
  })
}
