import { randomUUID } from 'node:crypto'
import type { Agreement, Household } from '../world/household.ts'
import { midnight } from '../world/local-days.ts'
import { hash } from '../world/random.ts'
import { base64 } from './usage-xml.ts'
import { entry as atomEntry, escape, feedEnd, feedStart, instant } from './xml.ts'

type Scope = { base: string; subscription: string; agreements: readonly Agreement[]; utcNumber: boolean }

type Item = { links: { up: string; self: string; related?: string[] }; name: string; content: string }

/** Batch/RetailCustomer: who the customer is. The hierarchy exists only in the paths, and nothing has a title. */
export const customerFeed = (household: Household, options: Scope & { ms: number; style: '2016' | '2019' }): string => {
  const { base, subscription, ms, style } = options
  const items = itemsOf(household, options)
  const self = `${base}/Batch/RetailCustomer/${subscription}`
  if (style === '2016') {
    const head = feedStart('batch', { title: 'Green Button Customer Feed', self, ms })
    const entries = items.map((item) =>
      atomEntry('batch', {
        links: item.links,
        ms,
        content: `<ns0:${item.name} xmlns:ns0="http://naesb.org/espi/customer">${prefixed(item.content)}</ns0:${item.name}>`,
      }),
    )
    return head + entries.join('') + feedEnd
  }
  const spaces = 'xmlns:ns2="http://www.w3.org/2005/Atom" xmlns="http://naesb.org/espi/customer"'
  const head = [
    '<ns1:feed xmlns:ns1="http://www.w3.org/2005/Atom" xmlns:ns0="http://naesb.org/espi">',
    `<ns2:id ${spaces}>${randomUUID()}</ns2:id><ns2:title ${spaces} type="text">Green Button Customer Feed</ns2:title>`,
    `<ns2:updated ${spaces}>${instant(ms)}</ns2:updated><ns2:link ${spaces} href="${escape(self)}" rel="self"/>`,
  ].join('')
  const entries = items.map(
    (item) =>
      `<ns2:entry ${spaces}><ns2:id>${randomUUID()}</ns2:id>` +
      `<ns2:link href="${escape(item.links.up)}" rel="up"/><ns2:link href="${escape(item.links.self)}" rel="self"/>` +
      (item.links.related ?? []).map((href) => `<ns2:link href="${escape(href)}" rel="related"/>`).join('') +
      `<ns2:published>${instant(ms)}</ns2:published><ns2:updated>${instant(ms + 1)}</ns2:updated>` +
      `<ns2:content><${item.name}>${item.content}</${item.name}></ns2:content></ns2:entry>`,
  )
  return head + entries.join('') + feedEnd
}

const prefixed = (content: string): string => content.replaceAll(/<(\/?)(\w)/g, '<$1ns0:$2')

function itemsOf(household: Household, options: Scope): Item[] {
  const customers = `${options.base}/RetailCustomer/${options.subscription}/Customer`
  const customer = `${customers}/${base64(String(2_600_000_000 + household.index))}`
  const items: Item[] = [
    {
      name: 'Customer',
      links: { up: customers, self: customer, related: [`${customer}/CustomerAccount`] },
      content: `<name>${escape(household.name)}</name>`,
    },
  ]
  for (const account of household.accounts) {
    const shared = account.agreements.filter((a) => options.agreements.some((b) => b.id === a.id))
    if (shared.length === 0 && options.agreements.length > 0) continue
    const self = `${customer}/CustomerAccount/${hash('account', account.number)}`
    // As the real answers do: a location may come before the account that its path hangs under.
    items.push(...shared.map((agreement) => location(agreement, self)))
    items.push({
      name: 'CustomerAccount',
      links: { up: `${customer}/CustomerAccount`, self, related: [`${self}/CustomerAgreement`] },
      content: `<name>${account.number}</name>`,
    })
    items.push(
      ...shared.flatMap((agreement) => [agreementItem(agreement, self), meterItem(agreement, self, options.utcNumber)]),
    )
  }
  return items
}

const locationPath = (agreement: Agreement, account: string): string =>
  `${account}/CustomerAgreement/${agreement.id}/ServiceLocation/${base64(String(8_800_000_000 + hash(agreement.street.name, agreement.street.number)))}`

const location = (agreement: Agreement, account: string): Item => ({
  name: 'ServiceLocation',
  links: {
    up: `${account}/CustomerAgreement/${agreement.id}/ServiceLocation`,
    self: locationPath(agreement, account),
    related: [`${locationPath(agreement, account)}/EndDevice`],
  },
  content:
    `<mainAddress><streetDetail><addressGeneral>${escape(`${agreement.street.number} ${agreement.street.name}`.toUpperCase())}</addressGeneral></streetDetail>` +
    `<townDetail><code>${agreement.zip}</code><name>${escape(agreement.town.toUpperCase())}</name><stateOrProvince>CA</stateOrProvince></townDetail></mainAddress>` +
    `<outageBlock>${agreement.zip.slice(-3)}</outageBlock>`,
})

const agreementItem = (agreement: Agreement, account: string): Item => ({
  name: 'CustomerAgreement',
  links: { up: `${account}/CustomerAgreement`, self: `${account}/CustomerAgreement/${agreement.id}` },
  content:
    `<name>${agreement.name}</name><type>${agreement.load === 'shop' ? 'COM' : 'RES'}</type>` +
    `<docStatus><value>${agreement.endDay === null ? 'Active' : 'Closed'}</value></docStatus><signDate>${midnight(agreement.firstDay)}</signDate>`,
})

const meterItem = (agreement: Agreement, account: string, utcNumber: boolean): Item => ({
  name: 'Meter',
  links: {
    up: `${locationPath(agreement, account)}/Meter`,
    self: `${locationPath(agreement, account)}/Meter/${agreement.meter}`,
  },
  content: `<type>${escape(agreement.meterType)}</type>${utcNumber ? `<utcNumber>UTC${agreement.meter}</utcNumber>` : ''}<serialNumber>${agreement.meter}</serialNumber><intervalLength>${agreement.intervalLength}</intervalLength>`,
})
