import type { Authorization } from '../kit/state.ts'
import type { Utility } from '../kit/utility.ts'
import type { Agreement, Household } from '../world/household.ts'
import { midnight } from '../world/local-days.ts'
import { resourceBase } from './hooks.ts'
import { element, entryOf, escape, feedEnd, feedStart } from './xml.ts'

/** Batch/RetailCustomer in the shape of ESPI 4.0; a service location names its usage points by address. */
export const customerFeed = (utility: Utility, of: { household: Household; authorization: Authorization }): string => {
  const { household, authorization } = of
  const base = resourceBase(utility)
  const at = utility.now()
  const customers = `${base}/RetailCustomer/${authorization.id}/Customer`
  const customer = `${customers}/${household.index}`
  const make = (
    kind: string,
    self: string,
    content: string,
    related: readonly (readonly [string, string])[] = [],
  ): string =>
    entryOf({ kind, family: 'cust', self, up: self.slice(0, self.lastIndexOf('/')), related, title: kind, at, content })
  const entries = [
    make(
      'Customer',
      customer,
      element('kind', household.login === 'test' ? 'residential' : 'commercialIndustrial') +
        element('customerName', escape(household.name)),
      [[`${customer}/CustomerAccount`, 'cust-feed/CustomerAccount']],
    ),
  ]
  for (const account of household.accounts) {
    const self = `${customer}/CustomerAccount/${account.number}`
    const shared = account.agreements.filter((a) => authorization.agreements.includes(a.id))
    entries.push(
      make('CustomerAccount', self, element('accountId', account.number), [
        [`${self}/CustomerAgreement`, 'cust-feed/CustomerAgreement'],
      ]),
    )
    for (const agreement of shared) {
      const path = `${self}/CustomerAgreement/${agreement.id}`
      const location = `${path}/ServiceLocation/${agreement.id}`
      entries.push(
        make(
          'CustomerAgreement',
          path,
          element('signDate', midnight(agreement.firstDay)) + element('agreementId', agreement.name),
          [[`${path}/ServiceLocation`, 'cust-feed/ServiceLocation']],
        ),
        make(
          'ServiceLocation',
          location,
          locationOf(agreement, `${base}/Subscription/${authorization.id}/UsagePoint/${agreement.id}`),
          [[`${location}/Meter`, 'cust-feed/Meter']],
        ),
        make(
          'Meter',
          `${location}/Meter/${agreement.meter}`,
          element('type', escape(agreement.meterType)) +
            element('serialNumber', agreement.meter) +
            element('intervalLength', agreement.intervalLength),
        ),
      )
    }
  }
  return (
    feedStart('Green Button Customer Feed', `${base}/Batch/RetailCustomer/${authorization.id}`, at) +
    entries.join('') +
    feedEnd
  )
}

const locationOf = (agreement: Agreement, usagePoint: string): string =>
  element(
    'mainAddress',
    element(
      'streetDetail',
      element('number', agreement.street.number) + element('name', escape(agreement.street.name)),
    ) +
      element(
        'townDetail',
        element('name', escape(agreement.town)) + element('stateOrProvince', 'CA') + element('country', 'US'),
      ) +
      element('postalCode', agreement.zip),
  ) + element('UsagePoints', element('UsagePoint', escape(usagePoint)))
