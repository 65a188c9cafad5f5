import { expect, it } from 'vitest'

import { parseBytes } from './parse.ts'

/** The content of one entry, and what of it no schema has. */
function read(
  kind: string,
  inside: string,
  namespace = 'http://naesb.org/espi',
): { value: unknown; unknown: string[] } {
  const body = `<entry xmlns="http://www.w3.org/2005/Atom"><content><${kind} xmlns="${namespace}">${inside}</${kind}></content></entry>`
  const [entry] = parseBytes(new TextEncoder().encode(body)).entries
  return { value: entry?.content?.value, unknown: entry?.unknown.map(({ name }) => name) ?? [] }
}

it.each([
  [
    'an Authorization of 1.0',
    'Authorization',
    '<BatchItemInfo><statusCode>200</statusCode></BatchItemInfo><authorizationServer>a</authorizationServer><resource>r</resource><thirdParty>t</thirdParty>',
    { batchItemInfo: { statusCode: 200 }, authorizationServer: 'a', resource: 'r', thirdParty: 't' },
  ],
  [
    'a third party of 1.0',
    'ApplicationInformation',
    '<thirdPartyName>T</thirdPartyName><thirdPartyDefaultOAuthCallback>https://t</thirdPartyDefaultOAuthCallback>',
    { thirdPartyName: 'T', thirdPartyDefaultOAuthCallback: 'https://t' },
  ],
  [
    'the nodes under an aggregate node',
    'UsagePoint',
    '<aggregateNodeRefs><aggregateNodeRef><ref>A</ref><pnodeRef><ref>1</ref></pnodeRef><pnodeRef><ref>2</ref></pnodeRef></aggregateNodeRef></aggregateNodeRefs>',
    { aggregateNodeRefs: { aggregateNodeRef: [{ ref: 'A', pnodeRef: [{ ref: '1' }, { ref: '2' }] }] } },
  ],
  [
    'a rider that is not wrapped',
    'UsageSummary',
    '<tariffRiderRefs><riderType>R</riderType><enrollmentStatus>enrolled</enrollmentStatus><effectiveDate>5</effectiveDate></tariffRiderRefs>',
    { tariffRiderRefs: { riderType: 'R', enrollmentStatus: 'enrolled', effectiveDate: 5, tariffRiderRef: [] } },
  ],
  [
    'the status that an agreement will have',
    'CustomerAgreement',
    '<futureStatus><value>a</value></futureStatus><futureStatus><value>b</value></futureStatus>',
    { futureStatus: [{ value: 'a' }, { value: 'b' }] },
  ],
  [
    'positions in capitals',
    'ServiceLocation',
    '<name>N</name><PositionPoints><xPosition>1</xPosition></PositionPoints>',
    { name: 'N', positionPoints: [{ xPosition: '1' }] },
  ],
])('%s is read', (_what, kind, inside, expected) => {
  const { value, unknown } = read(kind, inside)
  expect(value).toMatchObject(expected)
  expect(unknown).toEqual([])
})

it.each(['client_secret', 'registration_access_token', 'dataCustodianThirdPartySecret'])(
  'the secret %s is counted, not kept',
  (name) => {
    const { value, unknown } = read('ApplicationInformation', `<${name}>hush</${name}>`)
    expect(JSON.stringify(value)).not.toContain('hush')
    expect(unknown).toEqual([`ApplicationInformation/${name}`])
  },
)
