import type { Agreement, Household } from '../world/household.ts'
import { hash } from '../world/random.ts'
import { escape, feedNumber, idOf, linkBase, stamp } from './xml.ts'

export type CustomerFile = {
  name: string
  asOf: number
  customers: readonly { key: string; household: Household; agreements: readonly Agreement[] }[]
}

type Item = { path: string; related?: string; content: string }

/** A RCUST file: account, service account, address, three suppliers and the meter; no name of the customer. */
export const customerFile = (file: CustomerFile): string => {
  let count = 0
  const time = stamp(file.asOf)
  const entryOf = ({ path, related, content }: Item): string => {
    count++
    return (
      `  <entry>\n    <id>${idOf(file.name, count)}</id>\n    <link rel="self" href="${linkBase}/${path}" />\n` +
      `    <link rel="up" href="${linkBase}/${path.slice(0, path.lastIndexOf('/'))}" />\n` +
      (related === undefined ? '' : `    <link rel="related" href="${linkBase}/${related}" />\n`) +
      `    <title />\n    <content>\n${content}\n    </content>\n    <updated>${time}</updated>\n    <published>${time}</published>\n  </entry>\n`
    )
  }
  const head =
    `<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xmlns:cust="http://naesb.org/espi/customer">\n  <id>${idOf(file.name, 0)}</id>\n` +
    `  <link rel="self" href="${linkBase}/RetailCustomer/${feedNumber}" />\n  <title>Green Button Customer Feed</title>\n  <updated>${time}</updated>\n`
  const items = file.customers.flatMap(({ key, household, agreements }) =>
    household.accounts.flatMap((account) => {
      const shared = account.agreements.filter((a) => agreements.some((b) => b.id === a.id))
      return shared.length === 0 ? [] : itemsOf(`RetailCustomer/${key}/Customer/1`, account.number, shared)
    }),
  )
  return `${head}${items.map(entryOf).join('')}</feed>\n`
}

/** Content of one resource; the element's own default namespace is declared and not used, as in the real files. */
const resource = (name: string, lines: readonly string[], unused = true): string =>
  `      <cust:${name}${unused ? ' xmlns="http://naesb.org/espi/customer"' : ''}>\n${lines.map((line) => `        ${line}`).join('\n')}\n      </cust:${name}>`

const value = (name: string, text: string): string => `<cust:${name}>${escape(text)}</cust:${name}>`

function itemsOf(customer: string, accountNumber: string, agreements: readonly Agreement[]): Item[] {
  const account = `${customer}/CustomerAccount/${1_000_000 + (hash('sce account', accountNumber) % 8_999_999)}`
  return [
    {
      path: account,
      related: `${account}/CustomerAgreement`,
      content: resource('CustomerAccount', [value('name', accountNumber)], false),
    },
    ...agreements.flatMap((agreement) => ofAgreement(agreement, `${account}/CustomerAgreement/${agreement.id}`)),
  ]
}

function ofAgreement(agreement: Agreement, path: string): Item[] {
  const location = `${path}/ServiceLocation/1`
  const meter = `${path}/Meter/${agreement.meter.slice(0, 8)}`
  const suppliers = ['msp', 'mdma', 'lse'].map((kind) => ({
    path: `${path}/ServiceSupplier/${kind}`,
    related: `${path}/ServiceSupplier/${kind}/EndDevice`,
    content: resource('ServiceSupplier', [value('kind', kind), value('issuerIdentificationNumber', 'SCE')]),
  }))
  return [
    { path, content: resource('CustomerAgreement', [value('name', agreement.name)]) },
    {
      path: location,
      related: `${location}/EndDevice`,
      content: resource('ServiceLocation', [
        '<cust:mainAddress>',
        '  <cust:streetDetail>',
        `    ${value('number', agreement.street.number)}`,
        `    ${value('name', agreement.street.name.toUpperCase())}`,
        '  </cust:streetDetail>',
        '  <cust:townDetail>',
        `    ${value('name', agreement.town.toUpperCase())}`,
        '    <cust:stateOrProvince>CA</cust:stateOrProvince>',
        '  </cust:townDetail>',
        `  ${value('postalCode', agreement.zip)}`,
        '</cust:mainAddress>',
      ]),
    },
    ...suppliers,
    {
      path: meter,
      related: `${meter}/EndDevice`,
      content: resource('Meter', [
        value('name', 'ITRON (SCHLUMBERGER; SANGAMO)'),
        value('type', 'C2SOD'),
        value('serialNumber', `2.16.840.1.114416.1.5.${agreement.meter}`),
        value('formNumber', '2S'),
        '<cust:MeterMultipliers>',
        '  <cust:kind>ctRatio</cust:kind>',
        '</cust:MeterMultipliers>',
        '<cust:MeterMultipliers>',
        '  <cust:kind>kR</cust:kind>',
        '</cust:MeterMultipliers>',
      ]),
    },
  ]
}
