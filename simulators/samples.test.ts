import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { SaxesParser } from 'saxes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSimulators, type Simulators } from './index.ts'
import {
  type Api,
  apiOf,
  authorizations,
  listenForNotifications,
  type Listener,
  objectOf,
  resourcesOf,
  share,
} from './test-client.ts'

/**
 * Structure of our answers against payloads of the real utilities: prefixes, order of elements, attribute names. The
 * payloads are not part of this repository; without the folder beside it this file says so and checks nothing.
 */
const samples = fileURLToPath(new URL('../../shared/samples/', import.meta.url))
const present = existsSync(samples)
if (!present)
  console.warn('NOT RUN: simulators/samples.test.ts found no payloads of the real utilities beside the repository')

type Shape = { name: string; attributes: string[]; children: Shape[] }

const shapeOf = (xml: string): Shape => {
  const parser = new SaxesParser({ fragment: true })
  const top: Shape = { name: '', attributes: [], children: [] }
  const stack = [top]
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', (tag) => {
    const node: Shape = { name: tag.name, attributes: Object.keys(tag.attributes), children: [] }
    stack.at(-1)?.children.push(node)
    stack.push(node)
  })
  parser.on('closetag', () => void stack.pop())
  parser.write(xml.replaceAll('\\n', '\n').replace(/^\s*<\?xml[^?]*\?>/, '')).close()
  return top.children[0] ?? top
}

const local = (node: Shape): string => node.name.replace(/^.*:/, '')
const entriesOf = (root: Shape): Shape[] =>
  local(root) === 'entry' ? [root] : root.children.filter((c) => local(c) === 'entry')
const resourceOf = (entry: Shape): Shape | undefined => entry.children.find((c) => local(c) === 'content')?.children[0]

/** Text form of a shape; equal neighbors are one, so that counts of readings or links do not matter. */
const print = (node: Shape): string => {
  const inner = node.children.map(print).filter((text, i, list) => text !== list[i - 1])
  return `${node.name}[${node.attributes.join(' ')}]${inner.length > 0 ? `(${inner.join(' ')})` : ''}`
}

const byResource = (xml: string, kind: string): string[] => [
  ...new Set(
    entriesOf(shapeOf(xml))
      .filter((e) => local(resourceOf(e) ?? e) === kind)
      .map(print),
  ),
]

const real = (path: string): string => readFileSync(`${samples}${path}`, 'utf8')

if (!present)
  test('NOT RUN: no payloads of the real utilities are here to compare with', () => expect(present).toBe(false))
else
  describe('against payloads of the real utilities', () => {
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

  const base = '/GreenButtonConnect/espi/1_1/resource'

  const pgeGrant = async (login: string) => {
    const back = await share(simulators.pge, login, { redirectUri: listener.redirectUri })
    const { json, body } = await pge.token({
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: listener.redirectUri,
    })
    const id = String(json['resourceURI']).split('/').at(-1) ?? ''
    const points = (await authorizations(simulators.pge)).at(-1)?.agreements ?? []
    return { token: String(json['access_token']), id, points, json, body }
  }

  test('PG&E: a batch of electricity and of gas', async () => {
    const { token, id, points } = await pgeGrant('solar')
    const ours = await Promise.all(
      points.map(
        async (point) =>
          (await pge.get(`${base}/Batch/Subscription/${id}/UsagePoint/${point}?published-min=1783300000`, token)).body,
      ),
    )
    const theirs = [real('pge-mcolyer/bulk-electric-15min-2019-12-07.xml'), real('pge-jphutchins/bulk-gas-2020-05.xml')]
    for (const n of [0, 1]) {
      for (const kind of [
        'LocalTimeParameters',
        'ReadingType',
        'UsagePoint',
        'MeterReading',
        'IntervalBlock',
        'ProgramIdMappings',
      ])
        expect([kind, byResource(ours[n] ?? '', kind)]).toEqual([kind, byResource(theirs[n] ?? '', kind)])
      const order = (xml: string): string[] =>
        entriesOf(shapeOf(xml))
          .map((e) => local(resourceOf(e) ?? e))
          .filter((k, i, list) => k !== list[i - 1])
      expect(order(ours[n] ?? '')).toEqual(order(theirs[n] ?? ''))
      const head = (xml: string): string[] => shapeOf(xml).children.slice(0, 4).map(print)
      expect(head(ours[n] ?? '')).toEqual(head(theirs[n] ?? ''))
    }
  })

  test('PG&E: single resources', async () => {
    const { token, id, points } = await pgeGrant('home')
    const client = String((await pge.token({ grant_type: 'client_credentials' })).json['client_access_token'])
    const { applicationInformationId, registrationAccessToken } = simulators.pge.registration
    const rows: [string, string, string, string][] = [
      ['LocalTimeParameters', 'PGELocalTimeParameters', `LocalTimeParameters/1`, token],
      ['UsagePoint', 'PGEUsagePoint', `Subscription/${id}/UsagePoint`, token],
      ['Authorization', 'PGEAuthorization', `Authorization/${id}`, client],
      [
        'ApplicationInformation',
        'PGEApplicationInformation',
        `ApplicationInformation/${applicationInformationId}`,
        registrationAccessToken,
      ],
    ]
    for (const [kind, file, path, bearer] of rows) {
      const ours = await pge.get(`${base}/${path}`, bearer)
      expect([kind, byResource(ours.body, kind)]).toEqual([kind, byResource(real(`pge-verdigris/${file}.xml`), kind)])
    }
    const summaries = await pge.get(`${base}/Subscription/${id}/UsagePoint/${points[0]}/UsageSummary`, token)
    const lines = (xml: string): Set<string> =>
      new Set(
        xml
          .match(/<ns0:costAdditionalDetailLastPeriod>[\s\S]*?<\/ns0:costAdditionalDetailLastPeriod>/g)
          ?.map((line) => print(shapeOf(line))),
      )
    const known = new Set(
      ['PGEUsageSummaries', 'PGEUsageSummary'].flatMap((file) => [...lines(real(`pge-verdigris/${file}.xml`))]),
    )
    expect([...lines(summaries.body)].filter((line) => !known.has(line))).toEqual([])
    const rest = (xml: string): string =>
      print(
        entriesOf(
          shapeOf(
            xml.replaceAll(/<ns0:costAdditionalDetailLastPeriod>[\s\S]*?<\/ns0:costAdditionalDetailLastPeriod>/g, ''),
          ),
        )[0] ?? shapeOf(xml),
      )
    expect(rest(summaries.body)).toBe(rest(real('pge-verdigris/PGEUsageSummaries.xml')))
  })

  test('PG&E: customer data, token answers, notification', async () => {
    const { token, id, json } = await pgeGrant('shop')
    const ours = (await pge.get(`${base}/Batch/RetailCustomer/${id}`, token)).body
    for (const kind of ['Customer', 'CustomerAccount', 'CustomerAgreement', 'Meter'])
      expect([kind, byResource(ours, kind)]).toEqual([
        kind,
        byResource(real('pge-verdigris/PGERetailCustomer.xml'), kind),
      ])
    expect(Object.keys(json)).toEqual(Object.keys(objectOf(real('pge-token-responses/authorization_code.json'))))
    const client = await pge.token({ grant_type: 'client_credentials' })
    expect(Object.keys(client.json)).toEqual(Object.keys(objectOf(real('pge-token-responses/client_credentials.json'))))
    const before = listener.bodies.length
    await pge.get(`${base}/Batch/Subscription/${id}?published-min=1783300000`, token)
    await listener.next(before + 1)
    expect(print(shapeOf(listener.bodies[before] ?? ''))).toBe(
      print(shapeOf(real('pge-mcolyer/notification-batchlist-1.xml'))),
    )
  })

  test('SCE: the three kinds of file', async () => {
    const before = listener.bodies.length
    await share(simulators.sce, 'home', { redirectUri: listener.redirectUri })
    await listener.next(before + 1)
    const client = String((await sce.token({ grant_type: 'client_credentials' })).json['access_token'])
    const files = await Promise.all(
      resourcesOf(listener.bodies[before] ?? '').map(async (file) => (await sce.get(file, client)).body),
    )
    const [rcust = '', revq = '', unbq = ''] = files
    const theirs = {
      rcust: real('sce-verdigris/BulkSCERetailCustomer.xml'),
      revq: real('sce-verdigris/BulkSCEUsageSummaryAndIntervalBlock.xml'),
      unbq: real('sce-verdigris/BulkSCEIntervalBlock.xml'),
    }
    for (const kind of ['CustomerAccount', 'CustomerAgreement', 'ServiceLocation', 'ServiceSupplier', 'Meter'])
      expect([kind, byResource(rcust, kind)]).toEqual([kind, byResource(theirs.rcust, kind)])
    for (const kind of [
      'LocalTimeParameters',
      'UsagePoint',
      'ReadingType',
      'MeterReading',
      'IntervalBlock',
      'UsageSummary',
    ])
      expect([kind, byResource(revq, kind)]).toEqual([kind, byResource(theirs.revq, kind)])
    for (const kind of ['LocalTimeParameters', 'UsagePoint', 'ReadingType', 'MeterReading', 'IntervalBlock'])
      expect([kind, byResource(unbq, kind)]).toEqual([kind, byResource(theirs.unbq, kind)])
    expect(revq.slice(0, 300).replace(/[0-9A-F]{8}-.*/, '')).toBe(
      theirs.revq.slice(0, 300).replace(/[0-9A-F]{8}-.*/, ''),
    )
  })
}
