import { expect, it } from 'vitest'

import { createByteWriter, takeBytes } from './byte-writer.ts'
import type { Edition, Fields } from './fields.ts'
import { USAGE } from './usage-fields.ts'
import { writeFields } from './write-fields.ts'

function write(fields: Fields, object: object, edition: Edition = 'common'): string {
  const writer = createByteWriter()
  writeFields({ writer, edition, path: 'A' }, fields, object)
  return new TextDecoder().decode(takeBytes(writer))
}

const { UsageSummary, UsagePoint } = USAGE
const line = { note: null, itemKind: 5, unitCost: '12', itemPeriod: { duration: 60, start: 1 } }
const summary = {
  statusTimeStamp: 7,
  billLastPeriod: '-5',
  costAdditionalDetailLastPeriod: [line, { ...line, amount: '3' }],
}

it('elements come in the order of the schemas, lists one by one, and a note that is demanded stands empty', () => {
  expect(write(UsageSummary, summary)).toBe(
    '<billLastPeriod>-5</billLastPeriod>' +
      '<costAdditionalDetailLastPeriod><note/><itemKind>5</itemKind></costAdditionalDetailLastPeriod>' +
      '<costAdditionalDetailLastPeriod><amount>3</amount><note/><itemKind>5</itemKind></costAdditionalDetailLastPeriod>' +
      '<statusTimeStamp>7</statusTimeStamp>',
  )
})

it('what not every schema has is written in the recent edition only', () => {
  expect(write(UsageSummary, summary, 'recent')).toContain(
    '<note/><itemKind>5</itemKind><unitCost>12</unitCost><itemPeriod><duration>60</duration><start>1</start></itemPeriod>',
  )
  const point = { serviceDeliveryPoint: { tariffProfile: 'E-1' }, readCycle: 'B' }
  expect(write(UsagePoint, point)).toBe('<readCycle>B</readCycle>')
  expect(write(UsagePoint, point, 'recent')).toBe(
    '<serviceDeliveryPoint><tariffProfile>E-1</tariffProfile></serviceDeliveryPoint><readCycle>B</readCycle>',
  )
})

it('a field that is wrong is named by its whole path', () => {
  const inLine = (change: object): object => ({ ...summary, costAdditionalDetailLastPeriod: [{ ...line, ...change }] })
  expect(() => write(UsageSummary, inLine({ itemKind: null }))).toThrow(
    'A.costAdditionalDetailLastPeriod.itemKind is missing',
  )
  expect(() => write(UsageSummary, inLine({ amount: '39.00' }))).toThrow(
    'A.costAdditionalDetailLastPeriod.amount takes a whole number',
  )
  expect(() => write(UsageSummary, { ...summary, billingPeriod: { duration: 5, start: null } })).toThrow(
    'A.billingPeriod.start is missing',
  )
  expect(() => write(UsageSummary, { ...summary, peakDemand: 5 })).toThrow(
    'A.peakDemand cannot hold a value of type number',
  )
  expect(() => write(UsageSummary, { ...summary, readCycle: {} })).toThrow(
    'A.readCycle cannot hold a value of type object',
  )
})

it('a text of blanks is no text: left out, or missing where it must stand', () => {
  expect(write({ a: { leaf: { type: 'text', most: 5 } } }, { a: ' \n' })).toBe('')
  expect(() => write({ a: { leaf: { type: 'text', most: 5 }, need: 'must' } }, { a: ' \n' })).toThrow('A.a is empty')
})

const application = {
  ...{
    dataCustodianId: 'x',
    dataCustodianApplicationStatus: '1',
    thirdPartyNotifyUri: '/n',
    client_name: 'n',
    client_id: 'c',
  },
  ...{ authorizationServerAuthorizationEndpoint: '/a', authorizationServerTokenEndpoint: '/t' },
  ...{ dataCustodianBulkRequestURI: '/b', dataCustodianResourceEndpoint: '/r', registration_client_uri: '/c' },
  ...{ software_id: 's', software_version: '1', client_id_issued_at: 1, client_secret_expires_at: 0 },
  ...{ token_endpoint_auth_method: 'client_secret_basic', scope: ['FB=1'], response_types: ['code'] },
  ...{ grant_types: ['authorization_code', 'refresh_token'], redirect_uri: ['/one'] },
}

it('secrets are never written: their elements stand empty, and a caller who gives one is told', () => {
  const text = write(USAGE.ApplicationInformation, application)
  expect(text).toContain('<client_secret/>')
  expect(text).toContain('<registration_access_token/>')
  expect(text).toContain('<thirdPartyScopeSelectionScreenURI/>')
  expect(() => write(USAGE.ApplicationInformation, { ...application, client_secret: 'hunter2' })).toThrow(
    /^A\.client_secret takes text of at most 0 characters$/,
  )
})

it('lists are as long as the schemas want', () => {
  const two = { ...application, redirect_uri: ['/one', '/two'] }
  expect(() => write(USAGE.ApplicationInformation, two)).toThrow('A.redirect_uri has 2 values; it takes 1')
  expect(write(USAGE.ApplicationInformation, two, 'recent')).toContain('<redirect_uri>/two</redirect_uri>')
  expect(() => write(USAGE.ApplicationInformation, { ...application, grant_types: ['refresh_token'] })).toThrow(
    'A.grant_types is missing; the schemas want 2 or more',
  )
})
